# SPDX-License-Identifier: Apache-2.0
"""What the integration tests stand on: see tests/README.md."""

from . import openmetrics, pem
from .agent import Agent
from .authority import Authority
from .case import Case, main
from .diag import Diag, Watch
from .manager import Manager
from .process import Process, run
from .waiting import wait_until

__all__ = ["Agent", "Authority", "Case", "Diag", "Manager", "Process", "Watch", "main", "openmetrics", "pem", "run", "wait_until"]
