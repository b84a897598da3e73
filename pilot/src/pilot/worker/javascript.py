"""CWL's JavaScript in QuickJS: no node, no host objects, limits on memory, stack and time."""

import json
from typing import Any

import quickjs  # type: ignore[import-not-found, import-untyped, unused-ignore]
from cwl_utils.errors import JavascriptException
from cwl_utils.sandboxjs import NodeJSEngine, code_fragment_to_js, default_timeout

MEMORY_BYTES = 256 << 20
STACK_BYTES = 4 << 20


class QuickJsEngine(NodeJSEngine):
    """Evaluates expressions; finding them in a text (``regex_eval``) is inherited."""

    def eval(
        self, scan: str, jslib: str = "", timeout: float = default_timeout, *_: Any, **__: Any
    ) -> Any:
        """Return the value of the expression ``scan``; raises ``JavascriptException``."""
        context = quickjs.Context()
        context.set_memory_limit(MEMORY_BYTES)
        context.set_max_stack_size(STACK_BYTES)
        context.set_time_limit(timeout)
        context.set("source", code_fragment_to_js(scan, jslib))
        try:
            answer = context.eval("JSON.stringify((0, eval)(source))")
        except quickjs.JSException as error:
            raise JavascriptException(f"{error} in the expression: {scan}") from error
        if answer is None:
            raise JavascriptException(f"The expression gave no value: {scan}")
        return json.loads(answer)
