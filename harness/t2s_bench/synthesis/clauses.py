"""Words what narrows and sorts the subject of a query: its conditions and its order."""

from __future__ import annotations

from t2s_bench.synthesis import lexicon
from t2s_bench.synthesis.names import singular
from t2s_bench.synthesis.profile import Kind, Ref
from t2s_bench.synthesis.query import Condition, Query
from t2s_bench.synthesis.words import Words, is_or_are, with_article


class Clauses(Words):
    """Words conditions and orders over one database."""

    def _order(self, ref: Ref, descending: bool, query: Query) -> str:
        column = self._column(ref)
        kind = self._profile.kinds[ref]
        sort = self._pick("sorted by", "ordered by", "in order of", "in the order of")
        if kind is Kind.TEXT:
            way = "reverse alphabetical" if descending else "alphabetical"
            return self._pick(
                f"in {way} order of {column}",
                f"sorted by {column} in {'descending' if descending else 'ascending'} order",
                f"ordered by {column} {'in reverse' if descending else 'alphabetically'}",
            )
        if kind in (Kind.YEAR, Kind.DATE) and self._chance.random() < 0.5:
            ends = "latest to earliest" if descending else "earliest to latest"
            return f"{sort} {column} from {ends}"
        way = "descending" if descending else "ascending"
        ends = "high to low" if descending else "low to high"
        return self._pick(
            f"in {way} order of {column}",
            f"sorted by {column} in {way} order",
            f"{sort} {column} from {ends}",
            f"ordered by {way} {column}",
        )

    def _conditions(self, query: Query) -> str:
        """What follows the subject's noun: relative clauses, or nothing."""
        parts = [self._condition(condition, query) for condition in query.where]
        for link, some in ((query.without, False), (query.having_some, True)):
            if link is None:
                continue
            children = self._nouns(link.child.table) + self._role(link)
            inner = self._condition(query.inner, None) if query.inner is not None else ""
            who = self._who(query.subject)
            if some:
                parts.append(self._pick(f"{who} have {children} {inner}",
                                        f"with some {children} {inner}"))  # fmt: skip
            else:
                parts.append(
                    self._pick(
                        f"{who} do not have any {children} {inner}",
                        f"without any {children} {inner}",
                        f"{who} have no {children} {inner}",
                        f"with no {children} {inner}",
                    )
                )
        return f" {query.connective.lower()} ".join(parts)

    def _condition(self, condition: Condition, query: Query | None) -> str:
        ref = condition.ref
        shown = query is not None and any(i.ref and i.ref.table == ref.table for i in query.select)
        if query is None or shown or ref.table == query.subject:
            return self._own_condition(condition)
        other = self._nouns(ref.table)
        role = self._role(query.links[-1])
        link = query.links[0]
        inside = self._own_condition(condition)
        one = singular(other)
        if link.child.table == query.subject:
            return self._pick(
                f"of the {one}{role} {inside}",
                f"belonging to the {one}{role} {inside}",
                f"that have {with_article(one)}{role} {inside}",
            )
        return self._pick(
            f"{self._who(query.subject)} have {other}{role} {inside}",
            f"with {with_article(one)}{role} {inside}",
            f"{self._who(query.subject)} have {with_article(one)}{role} {inside}",
        )

    def _own_condition(self, condition: Condition) -> str:
        ref, operator = condition.ref, condition.operator
        column, kind = self._column(ref), self._profile.kinds[ref]
        last = column.split()[-1]
        if not condition.values:
            above, be = operator == ">", is_or_are(column)
            return self._pick(
                f"whose {column} {be} {'above' if above else 'below'} the average",
                f"with {with_article(column)} {'higher' if above else 'lower'} than the average",
                f"whose {column} {be} {'greater' if above else 'less'} than the average {column}",
                f"with {'above' if above else 'below'} average {column}",
            )
        value = self._value(condition.values[0])
        if operator == "=":
            if last in lexicon.PLACES and kind is Kind.TEXT and self._chance.random() < 0.4:
                return f"from {value}"
            if kind is Kind.YEAR and self._chance.random() < 0.5:
                return self._pick(f"in {column} {value}", f"of the {column} {value}")
            return self._pick(
                f"whose {column} {is_or_are(column)} {value}",
                f"with {column} {value}",
                f"with {value} as the {column}",
                f"whose {column} equals {value}"
                if kind is Kind.NUMBER
                else f"with the {column} {value}",
            )
        if operator == "!=":
            return self._pick(
                f"whose {column} {is_or_are(column)} not {value}",
                f"with {with_article(column)} other than {value}",
                f"that do not have the {column} {value}",
            )
        if operator == "LIKE":
            return self._pattern(column, str(condition.values[0]))
        if operator == "BETWEEN":
            high = self._value(condition.values[1])
            return self._pick(
                f"whose {column} {is_or_are(column)} between {value} and {high}",
                f"with {with_article(column)} between {value} and {high}",
                f"with {with_article(column)} from {value} to {high}",
            )
        return self._comparison(condition, column, value)

    def _comparison(self, condition: Condition, column: str, value: str) -> str:
        operator, kind = condition.operator, self._profile.kinds[condition.ref]
        if kind in (Kind.YEAR, Kind.DATE):
            word = self._pick(*lexicon.TIMES[operator])
            return self._pick(
                f"whose {column} {is_or_are(column)} {word} {value}",
                f"with {with_article(column)} {word} {value}",
            )
        adjective = self._adjective(condition.ref, 0 if operator == ">" else 1)
        if adjective and operator in "<>" and self._chance.random() < 0.6:
            return self._pick(adjective, f"that are {adjective}") + f" {value}"
        word = self._pick(*lexicon.COMPARISONS[operator])
        if column.startswith("number of ") and operator in "<>" and self._chance.random() < 0.5:
            return f"with {'more' if operator == '>' else 'fewer'} than {value} {column[10:]}"
        forms = [
            f"whose {column} {is_or_are(column)} {word} {value}",
            f"with {with_article(column)} {word} {value}",
            f"with {with_article(column)} of {word} {value}",
        ]
        if operator in (">=", "<="):
            more = "more" if operator == ">=" else "less"
            forms.append(f"whose {column} {is_or_are(column)} {value} or {more}")
        return self._pick(*forms[: 2 if word.endswith("than") else None])

    def _pattern(self, column: str, pattern: str) -> str:
        text = f"'{pattern.strip('%')}'"
        if not pattern.startswith("%"):
            return self._pick(
                f"whose {column} starts with {text}",
                f"whose {column} begins with the letter {text}",
            )
        return self._pick(
            f"whose {column} contains {text}",
            f"whose {column} includes the word {text}",
            f"with {text} in the {column}",
        )
