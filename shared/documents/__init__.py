"""Papers that leave and enter the house: printed forms, and the tables people keep in Excel.

`fonts/NotoSansCJKsc-Regular.otf` (OFL, see OFL.txt beside it) is the Simplified Chinese face of Debian's fonts-noto-cjk
20220127, cut by fontTools' subsetter to 33,135 characters — everything but Hangul — without hints and layout tables:
`fonttools subset --no-hinting --layout-features= --drop-tables+=GSUB,GPOS,GDEF,BASE,VORG,vhea,vmtx`.
"""
