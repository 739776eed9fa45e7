"""judge: hold a plan against every rule."""

from __future__ import annotations

from console.hazards import (
    acceptance,
    batch,
    columns,
    constraints,
    dependents,
    downgrades,
    files,
    keys,
    mariadb_columns,
    mariadb_partitions,
    mariadb_refusals,
    mariadb_tables,
    mariadb_versions,
    narrowing,
    nulls,
    postgresql_columns,
    postgresql_constraints,
    postgresql_indexes,
    postgresql_locks,
    postgresql_partitions,
    postgresql_rewrites,
    postgresql_tables,
    reuse,
    rows,
    sqlite,
    squawk,
    switches,
    tables,
    unread,
)
from console.hazards.evidence import Asker, Evidence, nobody
from console.hazards.hazard import Hazard
from console.hazards.registry import RULES, Finding, Rule
from console.hazards.remark import Linter, nothing
from console.hazards.sketch import Sketch
from console.schema.history import History
from console.schema.plan import Plan
from console.schema.rehearsal import Rehearsal
from console.schema.target import Target

# Importing a module registers its rules; the order is that of the objects they judge.
SUBJECTS = (
    tables,
    columns,
    narrowing,
    reuse,
    constraints,
    dependents,
    keys,
    rows,
    nulls,
    sqlite,
    batch,
    postgresql_columns,
    postgresql_constraints,
    postgresql_indexes,
    postgresql_locks,
    postgresql_partitions,
    postgresql_rewrites,
    postgresql_tables,
    mariadb_columns,
    mariadb_partitions,
    mariadb_refusals,
    mariadb_tables,
    mariadb_versions,
    switches,
    squawk,
    downgrades,
    files,
    unread,
    acceptance,
)


def judge(
    target: Target,
    plan: Plan,
    rehearsal: Rehearsal | None,
    history: History,
    *,
    ask: Asker = nobody,
    sketch: Sketch | None = None,
    linter: Linter = nothing,
) -> tuple[Hazard, ...]:
    """Return the hazards of a plan, worst first, then in the order of its steps. Those that the
    files accept come behind the errors that they do not.

    Works on values: the operations and statements of the rehearsal, its ledger and catalogue, and the
    syntax trees of the files. Without a rehearsal only the files are judged, by what
    `sketch` reads in them. `ask` puts questions to
    the live database (an `Inquiry`); without it they go unanswered. `linter` judges PostgreSQL's SQL
    besides (a `Squawk`).
    """
    return judged(Evidence(target, plan, rehearsal, history, ask, sketch, linter))


def judged(evidence: Evidence) -> tuple[Hazard, ...]:
    """Return the same of evidence that is gathered already."""
    hazards = [
        _hazard(rule, finding)
        for rule in RULES.values()
        if rule.concerns(evidence.database)
        for finding in rule.look(evidence)
    ]
    unused = RULES["acceptance-unused"]
    hazards += [_hazard(unused, finding) for finding in acceptance.unused(evidence, hazards)]
    known = acceptance.acceptances(evidence)
    hazards = [acceptance.accept(hazard, known) for hazard in hazards]
    order = {step.revision: position for position, step in enumerate(evidence.steps)}
    last = len(order)
    return tuple(
        sorted(
            dict.fromkeys(hazards),
            key=lambda hazard: (
                not hazard.is_blocking,
                hazard.severity != "error",
                order.get(hazard.revision, last),
            ),
        )
    )


def _hazard(rule: Rule, finding: Finding) -> Hazard:
    """A finding with what its rule says of all of them."""
    return Hazard(
        code=rule.code,
        severity=finding.severity or rule.severity,
        revision=finding.revision,
        subject=finding.subject,
        danger=finding.danger,
        reason=rule.reason,
        rewrite=finding.rewrite,
        evidence=finding.evidence,
    )
