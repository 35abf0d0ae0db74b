"""大写金额: amounts in words that nobody alters with a stroke, as contracts and slips in China have them."""

from decimal import Decimal

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿", "万亿")


def in_capitals(amount: Decimal) -> str:
    """`人民币壹仟贰佰元零伍分`: yuan up to a trillion, exact to the fen."""
    fen = int(abs(amount) * 100)
    yuan, jiao, cent = fen // 100, fen // 10 % 10, fen % 10
    said = f"{_whole(yuan)}元" if yuan or not fen else ""
    if jiao:
        said += f"{DIGITS[jiao]}角"
    if cent:
        said += ("零" if yuan and not jiao else "") + f"{DIGITS[cent]}分"
    return f"人民币{'负' if amount < 0 else ''}{said}{'' if cent else '整'}"


def _whole(number: int) -> str:
    """One 零 stands for all the zeros between two digits, and there is none at the end."""
    said, zero = "", False
    for index in reversed(range(len(GROUPS))):
        group = number // 10_000**index % 10_000
        for place in reversed(range(len(PLACES))):
            if digit := group // 10**place % 10:
                said += ("零" if zero else "") + DIGITS[digit] + PLACES[place]
                zero = False
            else:
                zero = bool(said)
        said += GROUPS[index] if group else ""
    return said or DIGITS[0]
