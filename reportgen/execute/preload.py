"""What the process imports from which workers are forked: all that a worker needs before it runs programs.

Importing TensorFlow takes seconds. A worker that is forked after it starts in milliseconds. TensorFlow may be forked as
long as it has not used a device: it starts no threads before.
"""

import contextlib
import os
import signal

from reportgen.tf_setup import import_tensorflow

# Ctrl-C interrupts all processes of a terminal, and the parent decides what it does.
signal.signal(signal.SIGINT, signal.SIG_IGN)

_null = os.open(os.devnull, os.O_WRONLY)
_stderr = os.dup(2)
os.dup2(_null, 2)
# If this fails, each worker imports it again and reports the error in its log.
with contextlib.suppress(Exception):
    import_tensorflow()
    import reportgen.engine.run  # noqa: F401
os.dup2(_stderr, 2)
os.close(_stderr)
os.close(_null)
