"""wire: values as plain data for JSON, and back again."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
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
    return cast(T, _decode(cls, data, cls.__name__))


def _decode(kind: Any, data: object, where: str) -> Any:
    """Decode by a type hint; `where` names the place in messages."""
    origin = get_origin(kind)
    if kind is Any or kind is object:
        return data
    if origin in (Union, types.UnionType):
        return _decode_union(get_args(kind), data, where)
    if origin is Literal:
        if data not in get_args(kind):
            raise ValueError(f"{where}: {data!r} is none of {get_args(kind)}.")
        return data
    if origin is not None:
        return _decode_collection(origin, get_args(kind), data, where)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, data, where)
    return _decode_plain(kind, data, where)


def _decode_union(options: tuple[Any, ...], data: object, where: str) -> Any:
    """Decode by the first option that fits; None only where None is an option."""
    if data is None and type(None) in options:
        return None
    reasons = []
    for option in options:
        if option is not type(None):
            try:
                return _decode(option, data, where)
            except ValueError as error:
                reasons.append(str(error))
    raise ValueError("; ".join(reasons) or f"{where}: nothing fits {data!r}.")


def _decode_collection(origin: Any, args: tuple[Any, ...], data: object, where: str) -> Any:
    """Decode tuples of one kind, tuples of fixed shape, lists, frozensets and mappings."""
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(data, Mapping):
            raise ValueError(f"{where}: an object was expected.")
        return {
            _decode(args[0], key, where): _decode(args[1], item, where)
            for key, item in data.items()
        }
    if not isinstance(data, (list, tuple)):
        raise ValueError(f"{where}: a list was expected.")
    if origin is tuple and not (len(args) == 2 and args[1] is Ellipsis):
        if len(args) != len(data):
            raise ValueError(f"{where}: {len(args)} items were expected, not {len(data)}.")
        return tuple(_decode(kind, item, where) for kind, item in zip(args, data, strict=True))
    make: Callable[[list[Any]], Any] = origin if origin in (frozenset, set, list) else tuple
    return make([_decode(args[0], item, where) for item in data])


def _decode_dataclass(kind: Any, data: object, where: str) -> Any:
    """Decode an object into a dataclass."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{where}: an object was expected.")
    given = {
        name: _decode(hint, data[name], f"{where}.{name}")
        for name, hint in _hints(kind)
        if name in data
    }
    try:
        return kind(**given)
    except TypeError as error:
        raise ValueError(f"{where}: {error}") from error


@cache
def _hints(kind: Any) -> tuple[tuple[str, Any], ...]:
    """The fields of a dataclass with their resolved type hints."""
    hints = get_type_hints(kind)
    return tuple(
        (field.name, hints[field.name]) for field in dataclasses.fields(kind) if field.init
    )


def _decode_plain(kind: Any, data: object, where: str) -> Any:
    """Decode text, numbers, datetimes and paths."""
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
    if kind is type(None) and data is None:
        return None
    raise ValueError(f"{where}: {data!r} is not {getattr(kind, '__name__', kind)}.")
