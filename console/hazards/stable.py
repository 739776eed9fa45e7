"""stable: PostgreSQL's functions that give the same value for a whole statement, as pg_proc has them."""

# Functions that give one value for a whole statement: PostgreSQL writes it down once.
STABLE = frozenset(
    {
        "now", "transaction_timestamp", "statement_timestamp", "lower", "upper",
        "concat", "to_timestamp", "make_date", "make_timestamp", "date_trunc",
        "jsonb_build_object", "jsonb_build_array", "json_build_object",
        "json_build_array", "coalesce", "cast", "timezone", "varchar", "numeric",
        "decimal", "char", "timestamp", "time", "interval", "to_jsonb", "make_interval",
        "md5", "length", "round", "abs", "localtimestamp", "localtime", "current_timestamp",
        "current_time", "current_date", "to_char", "to_date", "to_number", "make_time",
        "make_timestamptz", "date_part", "extract", "age", "json_object", "json_array", "jsonb_object",
        "to_json", "array_to_json", "jsonb_set", "concat_ws", "format", "left", "right", "substr",
        "substring", "replace", "repeat", "lpad", "rpad", "trim", "btrim", "ltrim", "rtrim", "reverse",
        "initcap", "strpos", "position", "char_length", "octet_length", "string_to_array", "array_fill",
        "greatest", "least", "nullif", "floor", "ceil", "ceiling", "trunc", "sign", "mod", "power",
        "sqrt", "encode", "decode", "sha256", "current_setting", "bit", "varbit", "character",
        "float", "double", "date", "int4range", "int8range", "numrange", "tsrange", "tstzrange",
        "daterange", "row", "array", "point", "chr", "ascii", "quote_literal", "to_tsvector",
    }
)  # fmt: skip
