"""What the causes that quality finds are called on our forms (QUA-3): events carry their codes."""

from collections.abc import Mapping

CAUSES: Mapping[str, str] = {
    "raw_material": "原料不合格",
    "glaze_material": "釉料不合格",
    "pressing": "压制成型缺陷",
    "glazing": "施釉缺陷",
    "firing": "烧成温度或曲线偏差",
    "polishing": "抛光磨边缺陷",
    "grading": "分级检验失误",
    "colour_mixing": "色号混装",
    "packing": "包装不当",
    "storage": "仓储不当",
    "wrong_goods": "错发货物",
    "transport": "运输装卸损坏",
    "installation": "铺贴施工不当",
    "use": "使用维护不当",
    "operation": "违反操作规程",
    "no_defect": "未发现缺陷",
    "other": "其他",
}
