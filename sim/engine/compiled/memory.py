"""The kernel's access to memory by address, and to the record of the border, in types that compile fast.

Numba would describe every array inside a record by shape and strides at every access, and try many meanings of `[]`.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numba import from_dtype, types
from numba.core import cgutils
from numba.core.imputils import lower_builtin, lower_getattr_generic
from numba.core.typing.arraydecl import GetItemBuffer, SetItemBuffer
from numba.core.typing.templates import AttributeTemplate, infer_getattr, infer_global, signature
from numba.extending import intrinsic, models, register_model
from numba.np.arrayobj import fix_integer_index, np_cfarray, record_getattr

FIRST = {"target": "cpu"}
"""What makes numba try a meaning of `[]` before the some ten for lists, tuples, texts and so on."""


class _Border(types.Record):
    """The record of the border. Its name is short, because numba writes out the names of types very often."""

    def __init__(self, kind: np.dtype[Any], name: str) -> None:
        record: Any = from_dtype(kind)
        fields: Any = {name: {"type": field.type, "offset": field.offset} for name, field in record.fields.items()}
        super().__init__(fields.items(), record.size, record.aligned)
        self.name = name

    def __repr__(self) -> str:
        return self.name


class _Inner(types.Type):
    """An array inside the record of the border, known by its address; it can only be indexed, along all its axes."""

    def __init__(self, array: Any) -> None:
        self.dtype, self.shape, self.strides = array.dtype, array.shape, array.strides
        super().__init__(f"Inner({self.dtype}, {self.shape})")

    def takes(self, index: Any) -> bool:
        """Return whether an index, a whole number or a tuple of them, is one along all axes."""
        indices = _along_axes(index)
        return len(indices) == len(self.shape) and all(isinstance(one, types.Integer) for one in indices)


def _along_axes(index: Any) -> tuple[Any, ...]:
    is_tuple: bool = isinstance(index, types.BaseTuple)
    return tuple(index) if is_tuple else (index,)


register_model(_Border)(models.RecordModel)
register_model(_Inner)(models.OpaqueModel)


@infer_getattr
class _Field(AttributeTemplate):
    key = _Border

    def generic_resolve(self, value: Any, attr: str) -> Any:  # type: ignore[override]
        kind = value.typeof(attr)
        return _Inner(kind) if isinstance(kind, types.NestedArray) else kind


@infer_global(operator.getitem)
class _Read(GetItemBuffer):
    metadata = FIRST

    def generic(self, args: Any, kws: Any) -> Any:
        array, index = args
        if isinstance(array, _Inner) and array.takes(index):
            return signature(array.dtype, array, index)
        return super().generic(args, kws)


@infer_global(operator.setitem)
class _Write(SetItemBuffer):
    metadata = FIRST

    def generic(self, args: Any, kws: Any) -> Any:
        array, index, _ = args
        if isinstance(array, _Inner) and array.takes(index):
            return signature(types.none, array, index, array.dtype)
        return super().generic(args, kws)


@lower_getattr_generic(_Border)
def _field(context: Any, builder: Any, kind: Any, border: Any, name: str) -> Any:
    if isinstance(kind.typeof(name), types.NestedArray):
        return cgutils.get_record_member(builder, border, kind.offset(name), cgutils.int8_t)
    return record_getattr(context, builder, kind, border, name)


def _cell(context: Any, builder: Any, kinds: Any, values: Any) -> Any:
    """Return a pointer to a cell of an array; a negative index counts from the end."""
    (array, index, *_), (begin, at, *_) = kinds, values
    numbers = cgutils.unpack_tuple(builder, at) if isinstance(index, types.BaseTuple) else (at,)
    offset = cgutils.intp_t(0)
    for kind, number, size, stride in zip(_along_axes(index), numbers, array.shape, array.strides, strict=True):
        counted = fix_integer_index(context, builder, kind, number, cgutils.intp_t(size))
        offset = builder.add(offset, builder.mul(counted, cgutils.intp_t(stride)))
    pointer = builder.gep(begin, [offset], inbounds=True)
    return builder.bitcast(pointer, context.get_data_type(array.dtype).as_pointer())


@lower_builtin(operator.getitem, _Inner, types.Any)
def _read(context: Any, builder: Any, chosen: Any, values: Any) -> Any:
    return context.unpack_value(builder, chosen.return_type, _cell(context, builder, chosen.args, values))


@lower_builtin(operator.setitem, _Inner, types.Any, types.Any)
def _write(context: Any, builder: Any, chosen: Any, values: Any) -> Any:
    context.pack_value(builder, chosen.args[0].dtype, values[2], _cell(context, builder, chosen.args, values))
    return context.get_dummy_value()


@intrinsic
def value_at(_: Any, address: Any, kind: Any) -> Any:
    """Return the number or record at an address; an assignment to a field of a record changes the memory."""
    result = kind.dtype

    def codegen(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[0], context.get_data_type(result).as_pointer())
        return context.unpack_value(builder, result, pointer)

    return result(address, kind), codegen


@intrinsic
def table_at(_: Any, address: Any, shape: Any, kind: Any) -> Any:
    """Return the memory from an address on as an array of a shape."""
    result = types.Array(kind.dtype, len(shape), "C")

    def codegen(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[0], cgutils.voidptr_t)
        return np_cfarray(context, builder, result(types.voidptr, shape), (pointer, args[1]))

    return result(address, shape, kind), codegen


@intrinsic
def fetch(_: Any, address: Any) -> Any:
    """Prefetch the memory at an address into the processor's cache; any address is allowed."""

    def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        ir: Any = cgutils.ir  # type: ignore[attr-defined]
        pointer, flag = cgutils.voidptr_t, cgutils.int32_t
        kind = ir.FunctionType(ir.VoidType(), [pointer, flag, flag, flag])  # address; 0 to read, 3 to keep, 1 data
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [pointer], kind)
        builder.call(prefetch, [builder.inttoptr(args[0], pointer), flag(0), flag(3), flag(1)])

    return types.void(address), codegen


def border_reader(kind: np.dtype[Any], name: str) -> Any:
    """Return a function of the kernel that returns the record at an address; the name tells it from other records."""
    result = _Border(kind, name)

    @intrinsic
    def border_at(_: Any, address: Any) -> Any:
        def codegen(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(result))

        return result(address), codegen

    return border_at
