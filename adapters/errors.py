"""Every error of Crosstalk, in one tree.

CrosstalkError
├── ConfigurationError        settings, semantic model or tokens are wrong: start-up stops
│   ├── SemanticModelError    one or more mistakes in semantic_model.yaml, each with path:line
│   └── ModelWeightsMissing   the embedding model is not on this machine
├── QueryError                the question or its SQL can't be answered as it stands
│   ├── AccessDenied          the policy does not let this person read it
│   ├── FileUnreadable        a file of the thread is gone, too large or no table
│   │   └── FileNotNow        transient: it can't be had now
│   ├── SqlNotAllowed         a node or function outside the allow-list, or over a bound
│   └── UnknownName           an entity, field, source or metric that the model does not have
├── SourceError               one source could not answer; the others go on
│   ├── SourceUnreachable     transient: connection refused, reset, shutting down
│   ├── SourceTimeout         the step's deadline passed
│   ├── SourceRefused         the source said no: rights, syntax, a calculation
│   │   └── SchemaMismatch    it has no such relation or column, or of another type
│   └── UnsafeQuery           the adapter's own guard refused a generated query
├── CredentialError           no credential for a source
│   ├── VaultUnreachable      transient: Vault does not answer
│   ├── VaultSlow             Vault is there, and did not answer in time
│   ├── VaultSealed           Vault answers that it is sealed
│   ├── VaultRefused          login or role refused, or the role is missing
│   │   └── VaultForbidden    the policy of our token does not allow it
│   └── LeaseLost             the login was taken back while it was in use
└── PlannerError              the planning model failed
    └── BudgetUsedUp          it may not be called: the budget has no room for it

A message says what happened, what it means for the answer and what to do. It never holds a
secret, a DSN or a row value.
"""


class CrosstalkError(Exception):
    """The root: `str()` of it can be shown to a person."""


class ConfigurationError(CrosstalkError):
    """Settings, semantic model or tokens are wrong."""


class SemanticModelError(ConfigurationError):
    """One or more mistakes in the semantic model; each line of the message is `path:line: what`."""


class ModelWeightsMissing(ConfigurationError):
    """The embedding model is not on this machine and can't be fetched."""


class QueryError(CrosstalkError):
    """The question or its SQL can't be answered as it stands."""


class AccessDenied(QueryError):
    """The policy does not let this person read it; `reasons` are all that stand against it."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(reasons[0])
        self.reasons = reasons


class FileUnreadable(QueryError):
    """A file of the thread is gone, too large or no table, so nothing can be asked of it."""


class FileNotNow(FileUnreadable):
    """A file of the thread can't be had now; it may be soon."""


class SqlNotAllowed(QueryError):
    """A syntax node or function outside the allow-list, or a bound that was passed."""


class UnknownName(QueryError):
    """A name that the semantic model does not have."""


class SourceError(CrosstalkError):
    """One source could not answer."""

    transient = False


class SourceUnreachable(SourceError):
    """The source refused or lost the connection; it may be back soon."""

    transient = True


class SourceTimeout(SourceError):
    """The step's deadline passed before the source had answered."""


class SourceRefused(SourceError):
    """The source answered no: rights, syntax or a calculation that it can't do."""


class SchemaMismatch(SourceRefused):
    """The source has no such relation or column, or one of another type than the query takes."""


class UnsafeQuery(SourceError):
    """The adapter's own guard refused a generated query; this is a fault of the compiler."""


class CredentialError(CrosstalkError):
    """No credential could be had for a source."""

    transient = False


class VaultUnreachable(CredentialError):
    """Vault does not answer; it may be back soon."""

    transient = True


class VaultSealed(CredentialError):
    """Vault is sealed: an operator has to unseal it."""


class VaultRefused(CredentialError):
    """Vault refused the login or the role, or does not know the role."""


class VaultSlow(CredentialError):
    """Vault is there and did not answer in time."""


class VaultForbidden(VaultRefused):
    """The policy of our token does not allow it, or the token has ended."""


class LeaseLost(CredentialError):
    """The login was taken back, or ended, while the step was using it."""


class PlannerError(CrosstalkError):
    """The planning model failed or answered what can't be used."""


class BudgetUsedUp(PlannerError):
    """The planning model may not be called: what it might cost is more than is left."""
