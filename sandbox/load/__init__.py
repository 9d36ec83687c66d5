"""Many questions at once over four sources: how long do they take, and who waits for whom?"""

from sandbox.load.load import load
from sandbox.load.questions import Crowd
from sandbox.load.report import Report, about, show

__all__ = ["Crowd", "Report", "about", "load", "show"]
