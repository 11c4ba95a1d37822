"""Words a sampled query: compositional templates with paraphrases.

The question determines the statement: it names every column that is shown, sorted or compared,
except where the value (a place) or the adjective (oldest) makes it clear, and every table whose
columns are used. It does not name what lies between two joined tables.
"""

from __future__ import annotations

from collections.abc import Sequence

from t2s_bench.synthesis import lexicon
from t2s_bench.synthesis.clauses import Clauses
from t2s_bench.synthesis.names import plural, singular
from t2s_bench.synthesis.query import Having, Item, Query
from t2s_bench.synthesis.words import joined


class Phrases(Clauses):
    """Words queries over one database; the same random numbers give the same words."""

    def question(self, query: Query) -> str:
        """One question, with its capital and its mark."""
        if query.combined is not None:
            text = self._combined(query)
        elif query.group is not None and query.links:
            text = self._children(query)
        elif query.group is not None:
            text = self._grouped(query)
        elif query.select[0].aggregate == "count":
            text = self._count(query)
        else:
            text = self._list(query)
        text = " ".join(text.split()).replace(" .", ".").replace(" ?", "?")
        return text[0].upper() + text[1:]

    def _combined(self, query: Query) -> str:
        assert query.combined is not None and query.select[0].ref is not None
        operator, other = query.combined
        column, subjects = self._column(query.select[0].ref), self._nouns(query.subject)
        one = self._conditions(query)
        two = self._conditions(other)
        many = plural(column)
        if operator == "INTERSECT":
            return self._asked(
                self._pick(
                    f"the {many} that have both {subjects} {one} and {subjects} {two}",
                    f"the {many} shared by {subjects} {one} and {subjects} {two}",
                    f"the {many} of both {subjects} {one} and {subjects} {two}",
                )
            )
        if operator == "EXCEPT":
            return self._asked(
                self._pick(
                    f"the {many} that have {subjects} {one} but no {subjects} {two}",
                    f"the {many} of {subjects} {one}, without those of any {subjects} {two}",
                    f"the {many} of {subjects} {one} but not of {subjects} {two}",
                )
            )
        return self._asked(
            f"the {many} of {subjects} {one}, together with the {many} of {subjects} {two}"
        )

    def _children(self, query: Query) -> str:
        """The parent's columns, with the number of its children."""
        link = query.links[0]
        children, parents = self._nouns(link.child.table), self._nouns(query.subject)
        children += self._role(link)
        parent = singular(parents)
        columns = self._list_of([item for item in query.select if not item.aggregate])
        who = self._who(query.subject)
        if query.having is not None:
            bound = self._bound(query.having)
            clause = self._pick(
                f"{who} have {bound} {children}",
                f"with {bound} {children}",
            )
            if self._is_name(query) and self._chance.random() < 0.35:
                return f"which {parents} have {bound} {children}?"
            return self._asked(f"the {columns} of {self._all()}{parents} {clause}")
        if query.limit is not None:
            most = self._most(query.descending)
            if query.limit > 1:
                return self._asked(
                    f"the {columns} of the {self._number(query.limit)} {parents} "
                    f"with the {most} {children}"
                )
            if self._is_name(query) and self._chance.random() < 0.35:
                return f"which {parent} has the {most} {children}?"
            return self._asked(
                self._pick(
                    f"the {columns} of the {parent} with the {most} {children}",
                    f"the {columns} of the {parent} {who} has the {most} {children}",
                    f"the {columns} of the {parent} having the {most} {children}",
                )
            )
        return self._pick(
            f"for each {parent}, show the {columns} and the number of {children}.",
            f"what are the {columns} of each {parent} and how many {children} does it have?",
            f"how many {children} does each {parent} have? List the {columns} and the count.",
            f"show the {columns} of every {parent} along with the number of {children}.",
            f"find the number of {children} for each {parent}. Also give the {columns}.",
        )

    def _grouped(self, query: Query) -> str:
        assert query.group is not None
        group, subjects = self._column(query.group), self._nouns(query.subject)
        where = self._conditions(query)
        if query.having is not None:
            return self._grouped_having(query, query.having, group, subjects)
        if query.limit is not None:
            return self._most_common(query, group, subjects)
        measure = query.select[1]
        each = self._pick("each", "every", "each different")
        if measure.ref is None:
            return self._pick(
                f"how many {subjects} {where} are there for {each} {group}?",
                f"how many {subjects} {where} does {each} {group} have?",
                f"show {each} {group} and the number of {subjects} {where}.",
                f"what is the number of {subjects} {where} for {each} {group}?",
                f"for {each} {group}, show the {group} and how many {subjects} {where} there are.",
                f"count the number of {subjects} {where} per {group}.",
            )
        what = f"{self._pick(*lexicon.AGGREGATES[measure.aggregate])} {self._column(measure.ref)}"
        return self._pick(
            f"what is the {what} of {subjects} {where} for {each} {group}?",
            f"show {each} {group} and the {what} of its {subjects} {where}.",
            f"for {each} {group}, what is the {what} of the {subjects} {where}?",
            f"find the {what} of {subjects} {where} in {each} {group}.",
            f"return the {group} and the {what} per {group} of the {subjects} {where}.",
        )

    def _grouped_having(self, query: Query, having: Having, group: str, subjects: str) -> str:
        many = plural(group)
        if having.item.ref is None:
            bound = self._bound(having)
            tail = " Also show the count." if len(query.select) > 1 else ""
            if self._chance.random() < 0.4:
                return f"which {many} have {bound} {subjects}?{tail}"
            return (
                self._asked(
                    self._pick(
                        f"the {many} with {bound} {subjects}",
                        f"the {many} that have {bound} {subjects}",
                        f"the {many} shared by {bound} {subjects}",
                    )
                )
                + tail
            )
        column = self._column(having.item.ref)
        compared = self._pick(*lexicon.COMPARISONS[having.operator])
        return self._asked(
            self._pick(
                f"the {many} whose {subjects} have an average {column} {compared} {having.value}",
                f"the {many} for which the average {column} of the {subjects} is {compared} "
                f"{having.value}",
            )
        )

    def _most_common(self, query: Query, group: str, subjects: str) -> str:
        assert query.limit is not None
        most = self._most(query.descending)
        common = "most common" if query.descending else "least common"
        tail = " and the number of them" if len(query.select) > 1 else ""
        if query.limit > 1:
            count, many = self._number(query.limit), plural(group)
            return self._asked(
                self._pick(
                    f"the {count} {common} {many} among {subjects}{tail}",
                    f"the {count} {many} with the {most} {subjects}{tail}",
                )
            )
        if not tail and self._chance.random() < 0.3:
            return self._pick(
                f"which {group} has the {most} {subjects}?",
                f"which {group} is the {common} among {subjects}?",
            )
        return self._asked(
            self._pick(
                f"the {common} {group} of {subjects}{tail}",
                f"the {group} with the {most} {subjects}{tail}",
                f"the {group} that has the {most} {subjects}{tail}",
                f"the {group} shared by the {most} {subjects}{tail}",
            )
        )

    def _count(self, query: Query) -> str:
        subjects, where = self._nouns(query.subject), self._conditions(query)
        item = query.select[0]
        if item.ref is not None:
            many = plural(self._column(item.ref))
            unlike = self._pick("different", "distinct")
            return self._pick(
                f"how many {unlike} {many} do {self._all()}{subjects} {where} have?",
                f"count the number of {unlike} {many} of {subjects} {where}.",
                f"what is the number of {unlike} {many} among {subjects} {where}?",
            )
        if not where:
            return self._pick(
                f"how many {subjects} are there?",
                f"how many {subjects} do we have?",
                f"count the number of {subjects}.",
                f"what is the total number of {subjects}?",
                f"return the number of {subjects} in total.",
            )
        return self._pick(
            f"how many {subjects} {where} are there?",
            f"how many {subjects} are there {where}?",
            f"count the number of {subjects} {where}.",
            f"what is the number of {subjects} {where}?",
            f"find the number of {subjects} {where}.",
            f"count the {subjects} {where}.",
        )

    def _list(self, query: Query) -> str:
        first = query.select[0]
        assert first.ref is not None
        subjects, where = self._nouns(query.subject), self._conditions(query)
        others = [i for i in query.select if i.ref and i.ref.table != query.subject]
        own = [item for item in query.select if item not in others]
        order = ""
        if query.order is not None and query.order.ref is not None:
            if query.limit is not None:
                return self._superlative(query, own, subjects, where)
            order = self._order(query.order.ref, query.descending, query)
        if first.aggregate:
            return self._aggregated(query, subjects, where)
        columns = self._list_of(own, many=not others and query.distinct)
        if query.distinct:
            columns = f"{self._pick('different', 'distinct', 'unique')} {columns}"
        if others:
            other = self._nouns(others[0].ref.table) if others[0].ref else ""
            theirs = self._list_of(others)
            role = self._role(query.links[0])
            here = where if query.where and query.where[0].ref.table == query.subject else ""
            there = where if not here else ""
            relation = self._pick(
                f"the {columns} of {subjects} {here} and the {theirs} of their {other}{role}",
                f"the {columns} of each {singular(subjects)} {here} along with the {theirs} of "
                f"the corresponding {other}{role}",
                f"the {columns} of {self._all()}{subjects} {here} together with the {theirs} of "
                f"their {other}{role}",
            )
            return self._asked(f"{relation} {there} {order}")
        predicate = self._as_predicate(where)
        plain = not query.distinct and not order and len(query.where) < 2
        if plain and predicate and self._is_name(query) and self._chance.random() < 0.5:
            return f"which {subjects} {predicate}?"
        return self._asked(f"the {columns} of {self._all()}{subjects} {where} {order}")

    def _as_predicate(self, where: str) -> str:
        """What follows 'which …': 'that have no x' and 'with no x' are 'have no x'."""
        for start in ("who ", "that ", "with "):
            if where.startswith(start):
                return f"{'have ' if start == 'with ' else ''}{where[len(start) :]}"
        return ""

    def _aggregated(self, query: Query, subjects: str, where: str) -> str:
        ref = query.select[0].ref
        assert ref is not None
        column = self._column(ref)
        words = [lexicon.AGGREGATES[item.aggregate] for item in query.select]
        what = joined([self._pick(*choice) for choice in words])
        if "sum of the" in what:
            what = what.replace("sum of the", "total")
        return self._asked(f"the {what} {column} of {self._all()}{subjects} {where}")

    def _superlative(self, query: Query, own: Sequence[Item], subjects: str, where: str) -> str:
        assert query.order is not None and query.order.ref is not None and query.limit is not None
        ref = query.order.ref
        columns = self._list_of(own)
        one = query.limit == 1
        noun = singular(subjects) if one else subjects
        count = "" if one else f"{self._number(query.limit)} "
        if ref.table != query.subject:
            other, column = singular(self._nouns(ref.table)), self._column(ref)
            role = self._role(query.links[-1])
            extreme = self._extreme(ref, query.descending)
            return self._asked(
                self._pick(
                    f"the {columns} of the {noun} with the {extreme} {other}{role} {column}",
                    f"the {columns} of the {noun} whose {other}{role} has the {extreme} {column}",
                    f"the {columns} of the {noun} that belongs to the {other}{role} with the "
                    f"{extreme} {column}",
                )
            )
        adjective = self._adjective(ref, 2 if query.descending else 3)
        column = self._column(ref)
        extreme = self._extreme(ref, query.descending)
        phrase = f"{count}{noun} {where} with the {extreme} {column}"
        if where:
            phrase = f"{count}{noun} with the {extreme} {column} among those {where}"
        elif adjective and self._chance.random() < 0.6:
            phrase = f"{count}{adjective} {noun}"
        elif not one and self._chance.random() < 0.4:
            phrase = f"top {count}{noun} by {column}" if query.descending else phrase
        if one and self._is_name(query) and self._chance.random() < 0.35:
            if phrase.startswith(f"{noun} with the"):
                return f"which {noun} has the {extreme} {column}" + (
                    f" among those {where}?" if where else "?"
                )
            if adjective and phrase == f"{adjective} {noun}":
                return f"which {noun} is the {adjective}?"
        return self._asked(f"the {columns} of the {phrase}")
