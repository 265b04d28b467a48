"""Converts tables of Arrow to pandas."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa


def to_pandas(table: pa.Table, *, arrow_lists: bool = False) -> pd.DataFrame:
    """Convert an Arrow table to pandas, and free its memory on the way.

    Texts become categories, and integers nullable integers.

    Args:
        table: the table, unusable afterwards.
        arrow_lists: whether columns of lists stay in Arrow's format; otherwise they become objects.
    """

    def pandas_dtype(dtype: pa.DataType) -> pd.api.extensions.ExtensionDtype | None:
        return pd.ArrowDtype(dtype) if arrow_lists and pa.types.is_list(dtype) else _NULLABLE.get(dtype)

    frame: pd.DataFrame = table.to_pandas(types_mapper=pandas_dtype, split_blocks=True, self_destruct=True)
    return frame


_NULLABLE = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}
