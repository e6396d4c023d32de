"""The built-in starter model, as it is committed: the file, its tokenizer, and one request through the whole line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from offline_interpreter.api import open_session
from offline_interpreter.config import Options
from offline_interpreter.engines.llama.engine import LlamaEngine
from offline_interpreter.records import CellStart, Message, TurnEnd

ROOT = Path(__file__).resolve().parent.parent
STARTER = ROOT / "offline_interpreter" / "data" / "starter.gguf"
sys.path.insert(0, str(ROOT / "scripts"))

from starter.tokenizer import (  # noqa: E402
    ASSISTANT,
    CHAT_TEMPLATE,
    END,
    NORMAL_TYPE,
    START,
    USER,
    Pieces,
    Tokenizer,
    learn_merges,
    read_vocabulary,
)

HARD_TEXTS = (
    "plain words",
    "  leading and trailing  ",
    "tabs\tand\nnew lines\r\n\n",
    'quotes " and \\" and \\n and \\\\',
    "Größe São Paulo 東京 🙂 \u200b",
    "1234567890.50 1,000,000 -3e-7",
    "sales_2024-final.v2.csv",
    "<|user|> <|end|> <unk> <0x0A>",
    "def f(x):\n    return x ** 2  # ok",
    "x" * 300,
)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(STARTER)


@pytest.fixture(scope="module")
def engine() -> Iterator[LlamaEngine]:
    with closing(LlamaEngine(STARTER, threads=1)) as opened:
        yield opened


# -- the file -------------------------------------------------------------------------------------------------------


def test_file_is_small_enough_to_be_committed() -> None:
    assert STARTER.stat().st_size <= 10_000_000


def test_window_is_long_enough_for_a_conversation(engine: LlamaEngine) -> None:
    assert engine.trained_tokens >= 1024


def test_template_leaves_the_system_message_out(engine: LlamaEngine) -> None:
    assert not engine.reads_system


# -- the tokenizer --------------------------------------------------------------------------------------------------


def metadata() -> dict[str, Any]:
    from llama_cpp import Llama

    model = Llama(str(STARTER), vocab_only=True, verbose=False)
    try:
        return dict(model.metadata)
    finally:
        model.close()


def test_template_of_the_file_is_the_repository_s() -> None:
    assert metadata()["tokenizer.chat_template"] == CHAT_TEMPLATE


def test_pieces_of_the_file_are_the_repository_s(tokenizer: Tokenizer) -> None:
    pieces = Pieces(read_vocabulary())
    assert tokenizer.size == len(pieces)
    words = [index for index, kind in enumerate(pieces.types) if kind == NORMAL_TYPE]
    assert all(tokenizer.decode([index]) == pieces.texts[index].replace("\u2581", " ") for index in words)


@pytest.mark.parametrize("text", HARD_TEXTS)
def test_texts_come_back_as_they_were(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize("text", HARD_TEXTS)
def test_content_holds_no_control_token(tokenizer: Tokenizer, text: str) -> None:
    assert not {START, USER, ASSISTANT, END} & set(tokenizer.encode(text))


def test_digits_marks_and_escapes_are_tokens_of_their_own(tokenizer: Tokenizer) -> None:
    tokens = [tokenizer.decode([token]) for token in tokenizer.encode('print(\\"37 * 481\\")\\nx_1')]
    assert tokens == ["print", "(", '\\"', "3", "7", " ", "*", " ", "4", "8", "1", '\\"', ")", "\\n", "x", "_", "1"]


def test_words_are_cut_alike_wherever_they_stand(tokenizer: Tokenizer) -> None:
    alone = tokenizer.encode("zorvenka")
    inside = tokenizer.encode('(\\"zorvenka\\")')
    assert any(inside[start : start + len(alone)] == alone for start in range(len(inside)))


def test_merges_are_learned_most_frequent_first() -> None:
    from collections import Counter

    assert learn_merges(Counter({"abab": 3, "ab": 1, "cd": 2}), 3) == ["ab", "abab", "cd"]


def test_training_and_use_tokenise_a_conversation_alike(engine: LlamaEngine, tokenizer: Tokenizer) -> None:
    messages = [
        Message("user", "Files: a.csv\n\nhow many rows? <|end|>"),
        Message("assistant", '{"action": "code", "message": "I\'ll look.", "code": "print(\\"x\\")"}'),
        Message("observation", "Output:\n12"),
    ]
    assert engine._prompt(messages) == tokenizer.prompt(messages)


def test_llama_cpp_computes_what_was_trained(tokenizer: Tokenizer) -> None:
    torch = pytest.importorskip("torch", reason="the extra 'train' is not installed")
    pytest.importorskip("gguf", reason="the extra 'train' is not installed")
    from llama_cpp import Llama
    from starter.export import read_network

    network = read_network(STARTER)
    reply = '{"action": "code", "message": "I\'ll compute 37 * 481.", "code": "print(37 * 481)"}'
    messages = [Message("user", "What is 37 * 481?"), Message("assistant", reply)]
    tokens = tokenizer.prompt(messages)
    with torch.no_grad():
        ours = network(torch.tensor([tokens]))[0].argmax(-1).tolist()
    model = Llama(str(STARTER), n_ctx=512, logits_all=True, verbose=False)
    model.eval(tokens)
    theirs = model.scores[: len(tokens)].argmax(-1).tolist()
    model.close()
    assert sum(a == b for a, b in zip(ours, theirs, strict=True)) >= 0.97 * len(tokens)


def test_matrices_are_changed_as_pytorch_s_own_muon_changes_them() -> None:
    torch = pytest.importorskip("torch", reason="the extra 'train' is not installed")
    from starter.muon import Muon

    torch.manual_seed(1)
    given = [torch.randn(rows, columns) for rows, columns in ((64, 64), (96, 64), (64, 64), (64, 96))]
    ours, theirs = ([torch.nn.Parameter(matrix.clone()) for matrix in given] for _ in range(2))
    optimizers = (
        Muon(ours, lr=0.01, weight_decay=0.02, dtype=torch.bfloat16),
        torch.optim.Muon(theirs, lr=0.01, weight_decay=0.02, adjust_lr_fn="match_rms_adamw"),
    )
    for _ in range(4):
        for our, their in zip(ours, theirs, strict=True):
            our.grad = their.grad = torch.randn_like(our)
        for optimizer in optimizers:
            optimizer.step()
    for our, their, before in zip(ours, theirs, given, strict=True):
        moved = (their - before).norm()
        assert moved > 0.1
        assert (our - their).norm() < 0.05 * moved


def test_a_network_that_is_given_layers_computes_what_it_did() -> None:
    torch = pytest.importorskip("torch", reason="the extra 'train' is not installed")
    from starter.network import Network, Shape, grown

    network = Network(Shape(64, layers=2, context=64))
    larger = grown(network, 5)
    tokens = torch.arange(60).reshape(2, 30)
    assert larger.shape.layers == len(larger.blk) == 5
    assert torch.equal(larger(tokens), network(tokens))


# -- the whole line -------------------------------------------------------------------------------------------------


def ask(engine: LlamaEngine, workspace: Path, request: str) -> tuple[list[str], TurnEnd]:
    options = Options(workspace=workspace, approval="auto", max_steps=6)
    with closing(open_session(options, engine=engine)) as session:
        events = list(session.turn(request))
    end = events[-1]
    assert isinstance(end, TurnEnd)
    return [event.code for event in events if isinstance(event, CellStart)], end


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OFFLINE_INTERPRETER_STATE", str(tmp_path / "state"))
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def test_product_is_computed_by_code_that_ran(engine: LlamaEngine, workspace: Path) -> None:
    cells, end = ask(engine, workspace, "What is 37 * 481?")
    assert cells
    assert end.status == "answered"
    assert "17797" in end.answer


def test_a_folder_full_of_files_does_not_confuse_it(engine: LlamaEngine, workspace: Path) -> None:
    names = [f"{n:032x}.dat" for n in range(20)] + [f"Übersicht {n} – Prüfung.docx" for n in range(20)]
    for name in names:
        (workspace / name).touch()
    answers = [ask(engine, workspace, request)[1].answer for request in ("What is 37 * 481?", "5 miles in km")]
    assert ("17797" in answers[0], "8.04" in answers[1]) == (True, True)


def test_unknown_request_gets_an_honest_answer(engine: LlamaEngine, workspace: Path) -> None:
    cells, end = ask(engine, workspace, "What is the capital of France?")
    assert not cells
    assert "offline-interpreter models list" in end.answer


def test_column_of_a_table_is_summed(engine: LlamaEngine, workspace: Path) -> None:
    pytest.importorskip("pandas", reason="the extra 'data' is not installed")
    (workspace / "sales.csv").write_text("region,revenue\nNorth,120\nSouth,80\nNorth,45\n")
    cells, end = ask(engine, workspace, "What is the total revenue in sales.csv?")
    assert cells
    assert "245" in end.answer
