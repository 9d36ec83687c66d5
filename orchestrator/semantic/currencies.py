"""The model's section `currencies`: in which other currencies amounts can be shown."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Code = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Currencies(BaseModel):
    """What one unit of `base` was worth in other currencies on the day `as_of`.

    Amounts are kept, compared and exported in `base`; the rates are for showing them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: Code
    rates: dict[Code, Annotated[float, Field(gt=0)]] = Field(min_length=1)
    as_of: date
