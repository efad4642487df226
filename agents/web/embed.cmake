# A file as an array of bytes: -DIN=FILE -DOUT=FILE -DNAME=NAME.
file(READ ${IN} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
file(WRITE ${OUT} "#include \"agents/web/openapi.h\"\n\nconst unsigned char ${NAME}[] = {${bytes}0};\nconst size_t ${NAME}_bytes = sizeof ${NAME} - 1;\n")
