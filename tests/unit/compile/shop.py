"""A small model over a SQL, a document and a vector source, and its plans."""

from adapters.base import Capabilities
from adapters.mongo import MongoAdapter
from adapters.postgres import PostgresAdapter
from adapters.qdrant import QdrantAdapter
from orchestrator.compile import Compiler, Plan
from orchestrator.compile.estimate import Unknown
from orchestrator.semantic import SemanticModel

CAPABILITIES: dict[str, Capabilities] = {
    "sales": PostgresAdapter.capabilities,
    "support": MongoAdapter.capabilities,
    "memos": QdrantAdapter.capabilities,
}
ROWS = {
    "public.customers": 5_000,
    "public.orders": 60_000,
    "public.lines": 200_000,
    "tickets": 8_000,
    "memo_texts": 3_000,
}
_REF = {"path": "ref", "stored": "string", "transform": "TRY_CAST(value AS BIGINT)"}
MODEL = SemanticModel.model_validate(
    {
        "name": "Shop",
        "sources": {name: {"kind": name} for name in CAPABILITIES},
        "entities": {
            "customer": {
                "description": "Who buys",
                "key": "customer_id",
                "fields": {
                    "customer_id": {"type": "int64"},
                    "name": {"type": "string"},
                    "segment": {"type": "string"},
                    "spend": {"type": "decimal"},
                    "joined_on": {"type": "date"},
                    "left_at": {"type": "timestamptz"},
                    "health": {"type": "float64"},
                },
                "bindings": {
                    "sales": {
                        "relation": "public.customers",
                        "fields": {
                            "customer_id": "id",
                            "name": "name",
                            "segment": "segment",
                            "spend": "spend",
                            "joined_on": "joined_on",
                            "left_at": "left_at",
                        },
                    },
                    "support": {
                        "collection": "accounts",
                        "fields": {"customer_id": _REF, "health": "health.score"},
                    },
                },
            },
            "order": {
                "description": "A purchase",
                "key": "order_id",
                "fields": {
                    "order_id": {"type": "int64"},
                    "customer_id": {"type": "int64"},
                    "amount": {"type": "decimal"},
                    "due_on": {"type": "date"},
                },
                "bindings": {
                    "sales": {
                        "relation": "public.orders",
                        "fields": {
                            "order_id": "id",
                            "customer_id": "customer",
                            "amount": "amount",
                            "due_on": {
                                "path": "due",
                                "stored": "string",
                                "transform": "TRY_CAST(value AS DATE)",
                            },
                        },
                    }
                },
            },
            "line": {
                "description": "A part of a purchase",
                "key": ["order_id", "line_no"],
                "fields": {
                    "order_id": {"type": "int64"},
                    "line_no": {"type": "int64"},
                    "sku": {"type": "string"},
                    "quantity": {"type": "int64"},
                    "weight": {"type": "float64"},
                },
                "bindings": {
                    "sales": {
                        "relation": "public.lines",
                        "fields": {
                            "order_id": "order",
                            "line_no": "no",
                            "sku": "sku",
                            "quantity": "quantity",
                            "weight": "weight",
                        },
                    }
                },
            },
            "ticket": {
                "description": "A case",
                "key": "number",
                "fields": {
                    "number": {"type": "string"},
                    "customer_id": {"type": "int64"},
                    "ref": {"type": "int64"},
                    "status": {"type": "string"},
                    "score": {"type": "int64"},
                    "refund": {"type": "decimal"},
                    "opened_at": {"type": "timestamptz"},
                    "day": {"type": "date"},
                },
                "bindings": {
                    "support": {
                        "collection": "tickets",
                        "fields": {
                            "number": "number",
                            "customer_id": "customer",
                            "ref": _REF,
                            "status": "status",
                            "score": "csat.score",
                            "refund": "refund",
                            "opened_at": "opened_at",
                            "day": "day",
                        },
                    }
                },
            },
            "memo": {
                "description": "A memo",
                "key": "memo_id",
                "fields": {
                    "memo_id": {"type": "string"},
                    "customer_id": {"type": "int64"},
                    "kind": {"type": "string"},
                    "weight": {"type": "float64"},
                    "text": {"type": "string"},
                },
                "bindings": {
                    "memos": {
                        "collection": "memo_texts",
                        "text": "text",
                        "fields": {
                            "memo_id": "payload.id",
                            "customer_id": "payload.customer",
                            "kind": "payload.kind",
                            "weight": "payload.weight",
                            "text": "payload.text",
                        },
                    }
                },
            },
        },
        "metrics": [
            {"name": "revenue", "expression": "SUM(order.amount)"},
            {"name": "basket", "expression": "SUM(order.amount) / COUNT(order.order_id)"},
            {"name": "refund_share", "expression": "SUM(ticket.refund) / SUM(order.amount)"},
        ],
    }
)


COMPILER = Compiler(MODEL, CAPABILITIES)


class Sizes(Unknown):
    """What a registry would know of the shop."""

    def rows(self, source: str, relation: str) -> int | None:
        """The rows of a relation."""
        return ROWS.get(relation) if source else None

    def distinct(self, source: str, relation: str, path: str) -> int | None:
        """Six values in each column of words, else nothing known."""
        return 6 if source and relation and path in {"segment", "status"} else None


def planned(sql: str) -> Plan:
    """The plan of a query over the shop."""
    return COMPILER.compile(sql, Sizes())
