"""Words a sampled query: compositional templates with paraphrases.

The question determines the statement: it names every column that is shown, sorted or compared,
except where the value (a place) or the adjective (oldest) makes it clear, and every table whose
columns are used. It does not name what lies between two joined tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from t2s_bench.synthesis import lexicon
from t2s_bench.synthesis.names import plural, singular, without_prefix
from t2s_bench.synthesis.profile import Kind, Link, Profile, Ref, Value
from t2s_bench.synthesis.query import Condition, Having, Item, Query

_DEMAND = {True: ("highest", "largest", "greatest", "most"), False: ("lowest", "smallest", "least")}


class Phrases:
    """Words queries over one database; the same random numbers give the same words."""

    def __init__(self, profile: Profile, chance: Random) -> None:
        self._profile, self._chance = profile, chance

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
        what = _joined([self._pick(*choice) for choice in words])
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

    def _extreme(self, ref: Ref, descending: bool) -> str:
        if self._profile.kinds[ref] in (Kind.YEAR, Kind.DATE):
            words = ("latest", "most recent") if descending else ("earliest",)
            return self._pick(*words)
        return self._pick(*_DEMAND[descending][:3])

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
                f"that have {_a(one)}{role} {inside}",
            )
        return self._pick(
            f"{self._who(query.subject)} have {other}{role} {inside}",
            f"with {_a(one)}{role} {inside}",
            f"{self._who(query.subject)} have {_a(one)}{role} {inside}",
        )

    def _own_condition(self, condition: Condition) -> str:
        ref, operator = condition.ref, condition.operator
        column, kind = self._column(ref), self._profile.kinds[ref]
        last = column.split()[-1]
        if not condition.values:
            above, be = operator == ">", _is(column)
            return self._pick(
                f"whose {column} {be} {'above' if above else 'below'} the average",
                f"with {_a(column)} {'higher' if above else 'lower'} than the average",
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
                f"whose {column} {_is(column)} {value}",
                f"with {column} {value}",
                f"with {value} as the {column}",
                f"whose {column} equals {value}"
                if kind is Kind.NUMBER
                else f"with the {column} {value}",
            )
        if operator == "!=":
            return self._pick(
                f"whose {column} {_is(column)} not {value}",
                f"with {_a(column)} other than {value}",
                f"that do not have the {column} {value}",
            )
        if operator == "LIKE":
            return self._pattern(column, str(condition.values[0]))
        if operator == "BETWEEN":
            high = self._value(condition.values[1])
            return self._pick(
                f"whose {column} {_is(column)} between {value} and {high}",
                f"with {_a(column)} between {value} and {high}",
                f"with {_a(column)} from {value} to {high}",
            )
        return self._comparison(condition, column, value)

    def _comparison(self, condition: Condition, column: str, value: str) -> str:
        operator, kind = condition.operator, self._profile.kinds[condition.ref]
        if kind in (Kind.YEAR, Kind.DATE):
            word = self._pick(*lexicon.TIMES[operator])
            return self._pick(
                f"whose {column} {_is(column)} {word} {value}", f"with {_a(column)} {word} {value}"
            )
        adjective = self._adjective(condition.ref, 0 if operator == ">" else 1)
        if adjective and operator in "<>" and self._chance.random() < 0.6:
            return self._pick(adjective, f"that are {adjective}") + f" {value}"
        word = self._pick(*lexicon.COMPARISONS[operator])
        if column.startswith("number of ") and operator in "<>" and self._chance.random() < 0.5:
            return f"with {'more' if operator == '>' else 'fewer'} than {value} {column[10:]}"
        forms = [
            f"whose {column} {_is(column)} {word} {value}",
            f"with {_a(column)} {word} {value}",
            f"with {_a(column)} of {word} {value}",
        ]
        if operator in (">=", "<="):
            forms.append(
                f"whose {column} {_is(column)} {value} or {'more' if operator == '>=' else 'less'}"
            )
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

    def _column(self, ref: Ref) -> str:
        words = self._profile.column_words[ref]
        if self._chance.random() < 0.7:
            words = without_prefix(words, self._profile.table_words[ref.table])
        return self._synonym(words)

    def _nouns(self, table: str) -> str:
        return plural(self._synonym(self._profile.table_words[table]))

    def _synonym(self, words: str) -> str:
        if self._chance.random() >= 0.15:
            return words
        for known, others in lexicon.SYNONYMS.items():
            if words == known or words.endswith(f" {known}"):
                return words[: len(words) - len(known)] + self._pick(*others)
            if words == plural(known) and " " not in known:
                return plural(self._pick(*others))
        return words

    def _role(self, link: Link) -> str:
        """Which of several foreign keys between two tables is meant."""
        ends = {link.child.table, link.parent.table}
        same = [one for one in self._profile.links
                if {one.child.table, one.parent.table} == ends]  # fmt: skip
        if len(same) < 2:
            return ""
        words = self._profile.column_words[link.child]
        return f" (as {words.removesuffix(' id')})"

    def _adjective(self, ref: Ref, place: int) -> str:
        known = lexicon.ADJECTIVES.get(self._profile.column_words[ref].split()[-1])
        same = [
            other
            for other in self._profile.kinds
            if other.table == ref.table
            and self._profile.column_words[other].split()[-1]
            == self._profile.column_words[ref].split()[-1]
        ]
        return self._pick(*known[place]) if known and known[place] and len(same) == 1 else ""

    def _is_name(self, query: Query) -> bool:
        """Whether all that is shown is the name, which a question may leave out."""
        if len(query.select) != 1 or query.select[0].ref is None or query.select[0].aggregate:
            return False
        ref = query.select[0].ref
        words = self._profile.column_words[ref]
        table = self._profile.table_words[ref.table]
        return without_prefix(words, table) in ("name", "title") or words == table

    def _who(self, table: str) -> str:
        last = singular(self._profile.table_words[table].split()[-1])
        return "who" if last in lexicon.PEOPLE else "that"

    def _list_of(self, items: Sequence[Item], many: bool | None = None) -> str:
        words = [self._column(item.ref) for item in items if item.ref is not None]
        if many is None:
            many = self._chance.random() < 0.4
        return _joined([plural(word) if many else word for word in words])

    def _asked(self, what: str) -> str:
        """A request or a question for 'the …'."""
        what = what.strip()
        if self._chance.random() < 0.45:
            head = what.removeprefix("the ").split(" of ")[0].split(" that ")[0]
            many = " and " in head or singular(head.split(" with ")[0]) != head.split(" with ")[0]
            return f"what {'are' if many else 'is'} {what}?"
        request = self._pick(*lexicon.REQUESTS)
        return f"{request} {what}."

    def _all(self) -> str:
        return self._pick("", "", "", "all ", "the ", "all the ")

    def _most(self, descending: bool) -> str:
        words = ("most", "most", "largest number of") if descending else (
            "fewest", "least", "smallest number of")  # fmt: skip
        return self._pick(*words)

    def _bound(self, having: Having) -> str:
        return self._pick(*lexicon.BOUNDS[having.operator]).format(self._number(having.value))

    def _number(self, value: Value) -> str:
        if isinstance(value, int) and value < len(lexicon.NUMBERS) and self._chance.random() < 0.4:
            return lexicon.NUMBERS[value]
        return str(value)

    def _value(self, value: Value) -> str:
        if not isinstance(value, str):
            return str(value)
        if value != value.strip() or self._chance.random() < 0.35:
            return self._pick(f'"{value}"', f"'{value}'")
        return value

    def _pick(self, *texts: str) -> str:
        return self._chance.choice(texts)


def _joined(words: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    *before, last = words
    return f"{', '.join(before)} and {last}" if before else last


def _a(words: str) -> str:
    """With its article; none before a plural."""
    if singular(words) != words:
        return words
    return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"


def _is(words: str) -> str:
    return "is" if singular(words) == words else "are"
