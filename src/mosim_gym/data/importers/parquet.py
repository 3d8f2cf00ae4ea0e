"""Logs in Parquet files, by pyarrow. Columns of lists have several numbers in a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from mosim_gym.data.importers.base import Array, Importer, Table, check_file
from mosim_gym.mechanics.packages import import_extra
from mosim_gym.mechanics.storage import FileFault

EXTRA = "parquet"
BATCH = 65_536  # rows read at once


class ParquetImporter(Importer):
    """Reads `.parquet`. Columns of a structure have names such as `joints.elbow`."""

    suffixes: ClassVar[tuple[str, ...]] = (".parquet", ".pq")

    def read(self, source: str) -> Table:
        """The columns of the file `source`."""
        check_file(source)
        return parquet_table(source, [source])


def parquet_table(source: str, paths: Sequence[str]) -> Table:
    """The columns of Parquet files of one kind, after one another, as a table called `source`."""
    arrow = import_extra("pyarrow", EXTRA, "reading Parquet")
    parquet = import_extra("pyarrow.parquet", EXTRA, "reading Parquet")
    try:
        files = [parquet.ParquetFile(path) for path in paths]
        rows = sum(file.metadata.num_rows for file in files)
        shapes = {
            name: shape
            for column in files[0].schema_arrow
            for name, shape in _shapes(arrow, files[0], column.name, column.type, rows)
        }
    except (arrow.ArrowException, OSError) as error:
        raise FileFault(f"{source} is not a readable Parquet file ({error}).") from error
    constants = _constants(files[0].schema_arrow.metadata or {})

    def column(name: str) -> Array:
        shape = shapes[name]
        whole: Array | None = None
        first = 0
        for path, file in zip(paths, files, strict=True):
            try:
                for batch in file.iter_batches(batch_size=BATCH, columns=[name]):
                    for chunk in _flat(arrow.Table.from_batches([batch])).column(name).chunks:
                        values = _numbers(arrow, chunk, shape[1:], path, name)
                        if whole is None:
                            whole = np.empty(shape, object if values.dtype.kind in "OU" else values.dtype)
                        elif whole.dtype.kind != "O" and values.dtype != whole.dtype:
                            whole = whole.astype(np.result_type(whole, values))
                        whole[first : first + len(values)] = values
                        first += len(values)
            except (arrow.ArrowException, OSError, KeyError) as error:
                raise FileFault(f"{path} cannot be read: column {name!r} is missing or damaged ({error}).") from error
        return np.zeros(shape) if whole is None else whole.astype(str) if whole.dtype.kind == "O" else whole

    return Table(source, shapes, column, constants)


def _shapes(arrow: Any, file: Any, name: str, kind: Any, rows: int) -> list[tuple[str, tuple[int, ...]]]:
    """The name and the shape of a column of numbers or of text; those of all parts of a structure."""
    types = arrow.types
    if types.is_struct(kind):
        return [pair for part in kind for pair in _shapes(arrow, file, f"{name}.{part.name}", part.type, rows)]
    if types.is_fixed_size_list(kind):
        return [(name, (rows, kind.list_size))] if _is_number(types, kind.value_type) else []
    if types.is_list(kind) or types.is_large_list(kind):
        if not _is_number(types, kind.value_type) or not rows:
            return []
        first = arrow.Table.from_batches([next(file.iter_batches(batch_size=1, columns=[name]))])
        column = _flat(first).column(name)
        return [(name, (rows, len(column[0])))] if column[0].is_valid else []
    plain = _is_number(types, kind) or types.is_timestamp(kind) or types.is_string(kind) or types.is_dictionary(kind)
    return [(name, (rows,))] if plain else []


def _flat(table: Any) -> Any:
    """The table with the parts of structures as columns of their own."""
    while any(hasattr(kind, "num_fields") and str(kind).startswith("struct") for kind in table.schema.types):
        table = table.flatten()
    return table


def _is_number(types: Any, kind: Any) -> bool:
    return types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)


def _numbers(arrow: Any, chunk: Any, width: tuple[int, ...], path: str, name: str) -> Array:
    """A chunk of a column as an array `(rows, *width)`."""
    if arrow.types.is_dictionary(chunk.type):
        chunk = chunk.dictionary_decode()
    if arrow.types.is_timestamp(chunk.type):
        return (
            chunk.cast(arrow.timestamp("ns")).to_numpy(zero_copy_only=False).astype("datetime64[ns]").astype(np.int64)
            / 1e9
        )
    if not width:
        return chunk.to_numpy(zero_copy_only=False)
    values = chunk.flatten().to_numpy(zero_copy_only=False)
    lengths = (
        None if arrow.types.is_fixed_size_list(chunk.type) else chunk.value_lengths().to_numpy(zero_copy_only=False)
    )
    if len(values) != len(chunk) * width[0] or (lengths is not None and (lengths != width[0]).any()):
        raise FileFault(f"{path} has rows of column {name!r} with another number of entries than {width[0]}.")
    return values.reshape(-1, *width)


def _constants(metadata: dict[bytes, bytes]) -> dict[str, float]:
    """The numbers among the file's own notes."""
    found: dict[str, float] = {}
    for key, value in metadata.items():
        try:
            found[key.decode()] = float(value)
        except (ValueError, UnicodeDecodeError):
            continue
    return found
