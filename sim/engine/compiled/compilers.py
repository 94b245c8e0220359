"""How numba compiles the kernel and the passes: all rules together, as parts of the functions that Python calls.

By itself, numba would optimise every rule together with all that it calls, and make machine code of it, although only
its callers use it: half of the time. A rule that Python calls runs as plain Python.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_machinery import PassManager

LEFT_OUT = {
    "LiteralPropagation",
    "Rewrite dynamic raises",
    "dead_branch_prune",
    "dump_parfor_diagnostics",
    "find_literally",
    "inline_closure_likes",
    "inline_inlinables",
    "inline_overloads",
    "literal_unroll",
    "make_function_op_code_to_jit_function",
    "nopython_rewrites",
    "nopython_supported_feature_validation",
    "rewrite_semantic_constants",
    "with_lifting",
}
"""Steps of numba for what neither rules nor passes use: closures, comprehensions, array expressions, literal types."""

ALONE_NEVER = {"no_compile": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""Flags of what no one calls but compiled functions."""


class _Part(JITCodeLibrary):
    """The code of a rule, which its callers take in."""

    def finalize(self) -> None:
        """Leave the code as it is; numba would optimise it and make machine code of it."""
        self._finalized = True


class _Whole(JITCodeLibrary):
    """The code of a function that Python calls, and of all rules that it calls, directly or not."""

    def add_linking_library(self, library: Any) -> None:
        """Take in a library, and what it would have taken in if it were a whole itself."""
        if library in self._linking_libraries:
            return
        super().add_linking_library(library)
        if isinstance(library, _Part):
            for other in library._linking_libraries:
                self.add_linking_library(other)


class _Lean(Compiler):
    """A compiler with few steps. Flags are set late, because numba types a function anew for all others."""

    code: type[JITCodeLibrary]
    flags: Mapping[str, bool]

    def define_pipelines(self) -> list[PassManager]:
        """Return numba's steps without those left out."""
        (usual,) = super().define_pipelines()
        for name, value in self.flags.items():
            setattr(self.state.flags, name, value)
        lean = PassManager(usual.pipeline_name)
        for step, words in usual.passes:
            if step.name() not in LEFT_OUT:
                lean.add_pass(step, words)
        lean.finalize()
        return [lean]

    def compile_extra(self, func: Callable[..., Any]) -> Any:
        """Compile a function into code of its kind."""
        code = self.state["library"] = self.code(self.state.targetctx.codegen(), func.__qualname__)
        code.enable_object_caching()
        return super().compile_extra(func)


class Entry(_Lean):
    """Compile a function that Python calls; other threads run meanwhile."""

    code = _Whole
    flags: Mapping[str, bool] = {"no_cfunc_wrapper": True, "release_gil": True}


class Rule(_Lean):
    """Compile a rule as far as its callers need it."""

    code = _Part
    flags: Mapping[str, bool] = ALONE_NEVER

    def compile_extra(self, func: Callable[..., Any]) -> Any:
        """Compile a function for others; what stands for it, to them and to Python, is the function itself."""
        result = super().compile_extra(func)._replace(entry_point=func)
        self.state.targetctx.insert_user_function(func, result.fndesc, [self.state["library"]])
        return result


class InlineRule(Rule):
    """Compile a rule that becomes part of its callers, so that passing arguments costs nothing."""

    flags: Mapping[str, bool] = {**ALONE_NEVER, "forceinline": True}
