"""The columns that JOIN … USING shares, where they stand in HAVING and QUALIFY: sqlglot's qualify
(30.30) resolves them in every other clause, and leaves them bare in these two."""

from sqlglot import exp

_SHARED = "shared"


def mark_shared(tree: exp.Query) -> None:
    """Note the names of each USING on its join, which a later qualify turns into ON."""
    for join in tree.find_all(exp.Join):
        join.meta[_SHARED] = {one.name.lower() for one in join.args.get("using") or []}


def qualify_shared(tree: exp.Query) -> None:
    """Resolve what is left of them: COALESCE over the tables that share the column, in order."""
    for select in tree.find_all(exp.Select):
        clauses = [select.args[part] for part in ("having", "qualify") if select.args.get(part)]
        owners = _owners(select) if clauses else {}
        for column in [one for clause in clauses for one in clause.find_all(exp.Column)]:
            inside = column.find_ancestor(exp.Select) is select
            if inside and not column.table and column.name in owners:
                one, *others = [owner.copy() for owner in owners[column.name].values()]
                column.replace(exp.Coalesce(this=one, expressions=others))


def _owners(select: exp.Select) -> dict[str, dict[str, exp.Column]]:
    """By shared name the columns of that name, by table, as they stand in ON."""
    owners: dict[str, dict[str, exp.Column]] = {}
    for join in select.args.get("joins") or []:
        names = set[str]() if join.is_semi_or_anti_join else join.meta.get(_SHARED, set[str]())
        for column in join.args["on"].find_all(exp.Column, bfs=False) if names else ():
            if column.name in names:
                owners.setdefault(column.name, {}).setdefault(column.table, column)
    return owners
