"""Writes the sample data of the local stack, the same bytes at every run."""

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import NamedTuple

from openpyxl import Workbook

type Cell = str | int | Decimal | date | None
type Table = list[Sequence[Cell]]

HERE = Path(__file__).parent
CENT = Decimal("0.01")


class Line(NamedTuple):
    """A product line: its articles differ in design only."""

    letter: str
    name: str
    specification: str
    unit: str
    price: str
    box: str  # m² or pieces in one box


LINES = [
    Line("P", "抛光砖", "600x600x9.5 mm", "m²", "46.80", "1.44"),
    Line("Q", "抛光砖", "800x800x10 mm", "m²", "58.50", "1.92"),
    Line("G", "全抛釉砖", "600x600x9.5 mm", "m²", "62.00", "1.44"),
    Line("H", "大理石瓷砖", "800x800x10 mm", "m²", "88.60", "1.92"),
    Line("J", "大理石瓷砖", "600x1200x10 mm", "m²", "108.00", "1.44"),
    Line("K", "大理石瓷砖", "750x1500x10.5 mm", "m²", "136.00", "2.25"),
    Line("L", "通体大理石瓷砖", "900x1800x11 mm", "m²", "178.00", "1.62"),
    Line("F", "仿古砖", "600x600x9.5 mm", "m²", "72.40", "1.44"),
    Line("M", "木纹砖", "200x1200x10 mm", "m²", "96.00", "1.20"),
    Line("W", "釉面内墙砖", "300x600x9 mm", "m²", "49.90", "1.44"),
    Line("V", "釉面内墙砖", "400x800x9.5 mm", "m²", "66.00", "1.60"),
    Line("Y", "陶瓷岩板", "1200x2400x9 mm", "片", "680.00", "1"),
    Line("T", "踢脚线", "120x800x10 mm", "片", "12.80", "20"),
    Line("D", "地铺石", "600x600x18 mm", "m²", "118.00", "0.72"),
]
DESIGNS = [
    "雪花白", "卡拉拉白", "爵士白", "鱼肚白", "象牙白", "云朵拉灰",
    "帕斯高灰", "雅典灰", "保加利亚浅灰", "莱姆石", "金线米黄", "西班牙米黄",
    "意大利木纹", "深啡网", "雨林棕", "劳伦特黑金",
]  # fmt: skip
GRADES = {"优等品": Decimal(1), "一级品": Decimal("0.86"), "合格品": Decimal("0.70")}

ARTICLE_HEADINGS = ["货号", "品名", "规格", "型号", "等级", "色号", "单位", "单价", "标准", "在产"]
STOCK_HEADINGS = ["批号", "货号", "色号", "等级", "数量", "入库日期", "有效期至"]
DEALER_HEADINGS = ["编号", "公司", "类型", "区域", "级别", "联系人", "电话", "地址", "归属业务员"]
STAFF_HEADINGS = ["工号", "姓名", "职务", "部门", "分公司", "门店", "上级", "月薪", "入职日期"]

STAFF = """
    u01 梁国栋 general_manager        总经办 总部 - -   38000 2009-03-02
    u02 陈卓文 vice_president_sales   营销中心 总部 - u01 30000 2010-06-21
    u03 苏婉仪 headquarters           总部管理部 总部 - u01 21000 2012-09-03
    u04 何敬之 auditor                审计部 总部 - u01 19500 2013-04-15
    u05 黄志坚 sales_director         销售部 佛山 - u02 24000 2011-05-16
    u06 区永康 branch_general_manager 分公司 佛山 - u01 26000 2010-02-22
    u07 罗建川 branch_general_manager 分公司 成都 - u01 25000 2012-03-12
    u08 周汉生 branch_general_manager 分公司 武汉 - u01 25000 2013-08-05
    u09 李倩雯 sales_manager          销售部 佛山 - u05 16800 2014-07-01
    u10 唐蓉   sales_manager          销售部 成都 - u07 15600 2015-03-09
    u11 胡楚雄 sales_manager          销售部 武汉 - u08 15600 2015-10-19
    u12 冯嘉豪 salesperson            销售部 佛山 季华路店 u09 8600 2018-04-02
    u13 谢晓彤 salesperson            销售部 佛山 石湾店 u09 8200 2019-06-10
    u14 杨帆   salesperson            销售部 成都 富森店 u10 7900 2019-09-16
    u15 蒋雨桐 salesperson            销售部 成都 高新店 u10 7600 2021-03-01
    u16 彭浩   salesperson            销售部 武汉 汉口店 u11 7900 2020-05-18
    u17 莫秀珍 finance                财务部 总部 - u01 12500 2014-11-03
    u18 曾宪明 finance                财务部 总部 - u17 10200 2018-08-20
    u19 邓丽华 clerk                  销售部 佛山 - u09 6200 2020-07-06
    u20 袁梦   clerk                  销售部 成都 - u10 5800 2022-02-14
    u21 关慧敏 seal_keeper            总经办 总部 - u01 7800 2016-01-11
    u22 潘炳坤 production             生产部 佛山 - u06 13800 2011-10-10
    u23 麦伟强 production             生产部 佛山 - u22 9800 2017-05-08
    u24 叶静   quality_inspector      质检部 佛山 - u06 9600 2016-09-05
    u25 卢俊杰 quality_inspector      质检部 佛山 - u24 8400 2020-10-12
    u26 霍锦荣 warehouse              仓储部 佛山 - u06 7200 2015-06-15
    u27 任刚   warehouse              仓储部 成都 - u07 6800 2019-01-07
    u28 简志鹏 transport              运输部 佛山 - u06 8800 2017-11-20
    u29 温雅琴 office                 办公室 总部 - u01 8900 2015-04-27
    u30 钟婷   hr                     人力资源部 总部 - u01 10800 2016-03-21
    u31 龙永昌 trainer                培训部 总部 - u30 9200 2018-02-26
    u32 石磊   safety_officer         安全部 佛山 - u06 9000 2017-08-14
    u33 欧阳倩 service_agent          客服部 佛山 - u09 6600 2021-05-10
    u34 向雪   service_agent          客服部 武汉 - u11 6300 2022-09-13
    u35 韦大勇 technician             服务部 佛山 - u09 8100 2018-12-03
    u36 邱林   technician             服务部 成都 - u10 7700 2020-03-30
    u37 施晨   operator               信息部 总部 - u01 14200 2019-04-08
    u38 余思远 salesperson            销售部 武汉 光谷店 u11 7500 2023-03-20
    u39 吴凯琳 salesperson            销售部 佛山 季华路店 u09 7300 2023-07-03
    u40 贺斌   salesperson            销售部 成都 富森店 u10 7000 2024-02-26
"""

DEALERS = """
    佛山市禅城区恒美建材经营部 dealer 广东 A 梁耀祖 佛山市禅城区季华西路86号 u12
    佛山市南海锦绣陶瓷商行 dealer 广东 A 黄美玲 佛山市南海区桂城街道南桂东路12号 u12
    广州市天河雅筑建材有限公司 dealer 广东 A 陈家俊 广州市天河区黄埔大道西201号 u13
    东莞市厚街宏图装饰材料部 dealer 广东 B 何伟文 东莞市厚街镇家具大道35号 u13
    中山市古镇新居瓷砖专卖店 dealer 广东 B 林少芬 中山市古镇镇中兴大道58号 u39
    深圳市龙岗美家建材商行 dealer 广东 B 郑志豪 深圳市龙岗区布吉路140号 u39
    惠州市惠城盛世陶瓷店 dealer 广东 C 叶伟明 惠州市惠城区演达大道77号 u13
    南宁市西乡塘桂居建材行 dealer 广西 B 韦春兰 南宁市西乡塘区大学东路93号 u12
    长沙市雨花湘美陶瓷经营部 dealer 湖南 B 刘湘平 长沙市雨花区万家丽中路210号 u16
    成都市金牛区蜀居建材有限公司 dealer 四川 A 罗成刚 成都市金牛区金府路555号 u14
    成都市武侯锦城瓷砖商行 dealer 四川 A 杨雪梅 成都市武侯区佳灵路20号 u14
    绵阳市涪城永盛陶瓷店 dealer 四川 B 蒲建军 绵阳市涪城区临园路东段61号 u15
    乐山市市中区嘉州建材部 dealer 四川 C 宋玉珍 乐山市市中区嘉定中路118号 u15
    重庆市九龙坡渝美建材商行 dealer 重庆 A 冉光明 重庆市九龙坡区石杨路17号 u40
    昆明市官渡滇池陶瓷经营部 dealer 云南 B 段文斌 昆明市官渡区彩云北路900号 u40
    武汉市硚口汉正建材有限公司 dealer 湖北 A 胡金桥 武汉市硚口区解放大道318号 u16
    武汉市洪山楚天瓷砖专卖店 dealer 湖北 B 万小琴 武汉市洪山区雄楚大道268号 u38
    宜昌市西陵峡江陶瓷店 dealer 湖北 C 向永红 宜昌市西陵区东山大道95号 u38
    郑州市管城中原建材商行 dealer 河南 B 郭建伟 郑州市管城区航海东路1405号 u38
    广东南粤置业有限公司 project 广东 A 蔡文涛 广州市海珠区新港东路1088号 u12
    佛山市顺德华庭酒店管理有限公司 project 广东 A 苏嘉欣 佛山市顺德区大良街道凤翔路41号 u39
    四川天府城建集团有限公司 project 四川 A 邓世荣 成都市高新区天府大道中段688号 u14
    成都市青羊区育才学校 project 四川 B 钟老师 成都市青羊区清江东路50号 u15
    重庆两江装饰工程有限公司 project 重庆 B 秦立新 重庆市渝北区金开大道1003号 u40
    湖北长江医院投资有限公司 project 湖北 A 陶国华 武汉市江岸区沿江大道169号 u16
    武汉光谷软件园物业有限公司 project 湖北 B 江一帆 武汉市东湖高新区关山大道1号 u38
    陈女士(季华园住宅) end_customer 广东 C 陈女士 佛山市禅城区季华五路20号3栋1201 u12
    霍先生(千灯湖住宅) end_customer 广东 C 霍先生 佛山市南海区灯湖东路6号8座902 u39
    王先生(锦江住宅) end_customer 四川 C 王先生 成都市锦江区静居寺路33号2单元501 u14
    张女士(东湖住宅) end_customer 湖北 C 张女士 武汉市武昌区东湖路181号5栋1804 u38
"""


def articles() -> Table:
    """Article by article of every line and design; one in thirty-one is not yet in production."""
    rows: Table = []
    for number, (line, design) in enumerate(product(LINES, DESIGNS)):
        place = number % len(DESIGNS)
        grade = "合格品" if number % 17 == 8 else "一级品" if number % 9 == 4 else "优等品"
        price = (Decimal(line.price) * (100 + place * 2) / 100 * GRADES[grade]).quantize(CENT)
        size = line.specification.split("x")[1][0]
        model = f"XF-{line.letter}{size}{place + 1:02}"
        colour = f"{line.letter}{100 + (number * 7) % 60}"
        in_production = "否" if number % 31 == 7 else "是"
        code, name = f"{line.letter}{size}{1001 + number}", f"{design}{line.name}"
        kind = (code, name, line.specification, model, grade, colour, line.unit)
        rows.append((*kind, price, "GB/T 4100-2015", in_production))
    return rows


def stock(of: Table) -> Table:
    """One or two lots of most articles in production; a second lot is now and then of another shade."""
    boxes = {line.letter: Decimal(line.box) for line in LINES}
    rows: Table = []
    for number, (article, _, _, _, grade, colour, *_, in_production) in enumerate(of):
        if in_production == "否" or number % 23 == 11:
            continue
        for lot in range(2 if number % 4 == 1 else 1):
            received = date(2026, 3, 2) + timedelta(days=(number * 13 + lot * 61) % 230)
            expires = received + timedelta(days=730 if number % 2 else 180) if number % 21 == 6 else None
            shade = f"{colour}-2" if lot and number % 3 == 0 else colour
            quantity = boxes[str(article)[0]] * (120 + (number * 37 + lot * 211) % 900)
            code = f"{received:%y%m%d}-{article}-{lot + 1}"
            rows.append((code, article, shade, grade, quantity.quantize(CENT), received, expires))
    return rows


def dealers() -> Table:
    rows: Table = []
    for number, text in enumerate(DEALERS.split("\n")[1:-1], start=1):
        company, kind, region, level, contact, address, owner = text.split()
        phone = f"1380000{number * 37:04}"
        rows.append((f"D{number:03}", company, kind, region, level, contact, phone, address, owner))
    return rows


def staff() -> Table:
    rows = [[None if word == "-" else word for word in text.split()] for text in STAFF.split("\n")[1:-1]]
    return [(*row[:7], Decimal(row[7] or 0).quantize(CENT), row[8]) for row in rows]


def articles_with_errors(good: Table) -> Table:
    """Row 3 has a bad price, 4 no specification, 6 the article of row 2, 7 an odd grade and an odd price."""
    rows = [list(row) for row in good[:7]]
    rows[1][7] = "面议"
    rows[2][2] = None
    rows[4][0] = rows[0][0]
    rows[5][4], rows[5][7] = "特等品", Decimal("58.505")
    return [*rows]


def dealers_with_errors(good: Table) -> Table:
    """Row 3 has an unknown kind, 4 no company, 5 the code of row 2."""
    rows = [list(row) for row in good[:6]]
    rows[1][2] = "wholesaler"
    rows[2][1] = None
    rows[3][0] = rows[0][0]
    return [*rows]


def staff_with_errors(good: Table) -> Table:
    """Row 3 has an unknown post, 4 a bad wage, 5 no name and an impossible date, 6 the code of row 2."""
    rows = [list(row) for row in good[:6]]
    rows[1][2] = "chief_magician"
    rows[2][7] = "两万一"
    rows[3][1], rows[3][8] = None, "2013-02-30"
    rows[4][0] = rows[0][0]
    return [*rows]


def write_csv(name: str, headings: Sequence[str], rows: Table) -> None:
    """With the byte order mark that Excel needs to show Chinese."""
    with (HERE / name).open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([headings, *rows])


def write_workbook(name: str, sheet: str, headings: Sequence[str], rows: Table) -> None:
    """Written, then packed again without the time of writing."""
    workbook = Workbook(write_only=True)
    page = workbook.create_sheet(sheet)
    page.freeze_panes = "A2"
    for letter, width in zip("ABCDEFGHIJ", (11, 26, 20, 12, 10, 10, 8, 10, 18, 8), strict=True):
        page.column_dimensions[letter].width = width
    for row in [headings, *rows]:
        page.append(row)
    written = io.BytesIO()
    workbook.save(written)
    with zipfile.ZipFile(written) as parts, zipfile.ZipFile(HERE / name, "w") as packed:
        for part in sorted(parts.namelist()):
            text = re.sub(rb"(?<=W3CDTF\">)[^<]+", b"2026-01-01T00:00:00Z", parts.read(part))
            stamp = datetime(2026, 1, 1).timetuple()[:6]  # noqa: DTZ001 - a zip entry knows no zone
            packed.writestr(zipfile.ZipInfo(part, stamp), text, zipfile.ZIP_DEFLATED)


def main() -> None:
    write_workbook("articles.xlsx", "产品目录", ARTICLE_HEADINGS, articles())
    write_workbook("articles-with-errors.xlsx", "产品目录", ARTICLE_HEADINGS, articles_with_errors(articles()))
    write_csv("stock.csv", STOCK_HEADINGS, stock(articles()))
    write_csv("dealers.csv", DEALER_HEADINGS, dealers())
    write_csv("dealers-with-errors.csv", DEALER_HEADINGS, dealers_with_errors(dealers()))
    write_csv("staff.csv", STAFF_HEADINGS, staff())
    write_csv("staff-with-errors.csv", STAFF_HEADINGS, staff_with_errors(staff()))


if __name__ == "__main__":
    main()
