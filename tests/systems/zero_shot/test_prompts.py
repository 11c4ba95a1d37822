from __future__ import annotations

from t2s_bench.plugins import find_system, system_module

make_prompt = system_module(find_system("zero_shot").folder, "prompts").make_prompt


def test_plain_is_one_user_message_with_all_parts() -> None:
    prompt = make_prompt("plain", "CREATE …", "How many?", "count rows", "postgresql", True)
    ((role, content),) = prompt.messages
    assert role == "user" and not prompt.start and not prompt.strict
    parts = ["PostgreSQL", "CREATE …", "Hint: count rows", "Question: How many?", "```sql"]
    assert [content.index(part) for part in parts] == sorted(content.index(p) for p in parts)
    assert "Hint" not in make_prompt("plain", "", "?", "", "sqlite", True).messages[0][1]


def test_arctic_has_the_published_structure() -> None:
    prompt = make_prompt("arctic", "CREATE …", "How many?", "count rows", "sqlite", True)
    assert [role for role, _ in prompt.messages] == ["system", "user"]
    user = prompt.messages[1][1]
    for part in (
        "Database Engine:\nSQLite\n\nDatabase Schema:\nCREATE …\n",
        "\n\nQuestion:\ncount rows\nHow many?\n\nInstructions:\n- ",
        "\n\nOutput Format:\n",
        "<think>",
        "```sql\n",
        "</answer>",
    ):
        assert part in user
    assert user.count("\n- ") == 3
    assert prompt.start == "Let me solve this step by step. \n<think>"
    assert prompt.strict
    assert make_prompt("arctic", "", "?", "", "sqlite", False).start == ""


def test_the_digest_tells_prompts_apart() -> None:
    one = make_prompt("arctic", "", "?", "", "sqlite", True)
    assert one.digest() == make_prompt("arctic", "", "?", "", "sqlite", True).digest()
    assert one.digest() != make_prompt("arctic", "", "?", "", "sqlite", False).digest()
