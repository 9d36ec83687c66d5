"""A storm of questions over two replicas, of which one dies: does everybody get one answer?"""

from sandbox.storm.report import Report
from sandbox.storm.storm import Size, storm

__all__ = ["Report", "Size", "storm"]
