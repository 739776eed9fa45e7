"""wire: values as plain data for JSON, and back again."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
Decoder = Callable[[object, str], Any]  # of the data, and of the name of its place for messages
PLAIN = (str, int, float, bool, type(None))


def encode(value: object) -> Any:
    """Return `value` as data that `json.dumps` takes: dataclasses become objects with their fields'
    names, tuples lists, frozensets sorted lists, datetimes ISO 8601, paths text.

    Raises TypeError for anything else.
    """
    if isinstance(value, PLAIN):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: encode(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if field.init
        }
    if isinstance(value, (tuple, list)):
        return [encode(item) for item in value]
    if isinstance(value, (frozenset, set)):
        return sorted((encode(item) for item in value), key=repr)
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot travel as plain data.")


def decode(cls: type[T], data: object) -> T:
    """Return the `cls` that `encode` made `data` of.

    Keys that `cls` does not know are ignored and missing ones take their defaults, so that what an
    older version stored can still be read. Raises ValueError where the data does not fit.
    """
    return cast(T, _decoder(cls)(data, cls.__name__))


def _decoder(kind: Any) -> Decoder:
    """Return what decodes by a type hint."""
    origin, args = get_origin(kind), get_args(kind)
    if kind is Any or kind is object:
        return lambda data, where: data
    if origin in (Union, types.UnionType):
        options = tuple(_decoder(option) for option in args if option is not type(None))
        return partial(_decode_union, options, type(None) in args)
    if origin is Literal:
        return partial(_decode_literal, args)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return partial(_decode_mapping, _decoder(args[0]), _decoder(args[1]))
    if origin is tuple and not (len(args) == 2 and args[1] is Ellipsis):
        return partial(_decode_shape, tuple(map(_decoder, args)))
    if origin is not None:
        make: Any = origin if origin in (frozenset, set, list) else tuple
        return partial(_decode_collection, make, _decoder(args[0]))
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return partial(_decode_dataclass, kind)
    return partial(_decode_plain, kind)


def _decode_union(options: tuple[Decoder, ...], may_be_none: bool, data: object, where: str) -> Any:
    """Decode by the first option that fits."""
    if data is None and may_be_none:
        return None
    reasons = []
    for option in options:
        try:
            return option(data, where)
        except ValueError as error:
            reasons.append(str(error))
    raise ValueError("; ".join(reasons) or f"{where}: nothing fits {data!r}.")


def _decode_literal(options: tuple[Any, ...], data: object, where: str) -> Any:
    """Decode one of these values."""
    if data not in options:
        raise ValueError(f"{where}: {data!r} is none of {options}.")
    return data


def _decode_mapping(key_of: Decoder, value_of: Decoder, data: object, where: str) -> Any:
    """Decode an object with keys of one kind and values of one kind."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{where}: an object was expected.")
    return {key_of(key, where): value_of(value, where) for key, value in data.items()}


def _decode_shape(kinds: tuple[Decoder, ...], data: object, where: str) -> Any:
    """Decode a tuple of fixed shape."""
    items = _listed(data, where)
    if len(kinds) != len(items):
        raise ValueError(f"{where}: {len(kinds)} items were expected, not {len(items)}.")
    return tuple(decoder(item, where) for decoder, item in zip(kinds, items, strict=True))


def _decode_collection(make: Any, decoder: Decoder, data: object, where: str) -> Any:
    """Decode a tuple, list or set of one kind."""
    return make([decoder(item, where) for item in _listed(data, where)])


def _listed(data: object, where: str) -> Sequence[Any]:
    """The data, if it is a list."""
    if not isinstance(data, (list, tuple)):
        raise ValueError(f"{where}: a list was expected.")
    return data


def _decode_dataclass(kind: Any, data: object, where: str) -> Any:
    """Decode an object into a dataclass."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{where}: an object was expected.")
    given = {
        name: decoder(data[name], f"{where}.{name}")
        for name, decoder in _fields(kind)
        if name in data
    }
    try:
        return kind(**given)
    except TypeError as error:
        raise ValueError(f"{where}: {error}") from error


@cache
def _fields(kind: Any) -> tuple[tuple[str, Decoder], ...]:
    """The fields of a dataclass, each with what decodes it: made once, for ledgers of thousands of values."""
    hints = get_type_hints(kind)
    return tuple(
        (field.name, _decoder(hints[field.name]))
        for field in dataclasses.fields(kind)
        if field.init
    )


def _decode_plain(kind: Any, data: object, where: str) -> Any:
    """Decode text, numbers, datetimes and paths."""
    if type(data) is kind:
        return data
    if kind is datetime and isinstance(data, str):
        return datetime.fromisoformat(data)
    if kind is Path and isinstance(data, str):
        return Path(data)
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if kind is int and isinstance(data, bool):
        raise ValueError(f"{where}: a number was expected.")
    if isinstance(kind, type) and isinstance(data, kind):
        return data
    raise ValueError(f"{where}: {data!r} is not {getattr(kind, '__name__', kind)}.")
