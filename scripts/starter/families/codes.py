"""QR codes of links and texts."""

from __future__ import annotations

import re
from random import Random

from starter.dialogue import Situation, Task
from starter.names import made_up_name
from starter.phrasing import load_phrases, say
from starter.picture_gathering import NAME, chosen_target, made
from starter.pictures import WORDS

__all__ = ["NAME", "make"]
PHRASES = load_phrases("codes")
DOMAINS = ("com", "com", "org", "net", "de", "io", "co.uk", "edu", "info", "fr")

OF_THE_WEB = re.compile(r"web|link|url|address|lead|open|point")


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    situation.done = {}
    return _code(situation)


def _code(situation: Situation) -> Task:
    rng = situation.rng
    link = rng.random() < 0.6
    payload = _link(rng) if link else _words(rng)
    shown = payload if link and rng.random() < 0.85 else rng.choice(('"{}"', '"{}"', "'{}'")).format(payload)
    section = "code of link" if link else "code of text"
    pattern = PHRASES[section].pick(rng, situation.held_out)
    while OF_THE_WEB.search(pattern) and ("@" in payload or "tel:" in payload):
        pattern = PHRASES[section].pick(rng, situation.held_out)
    target, pattern = chosen_target(situation, pattern, "qr.png", 0.3)
    if target != "qr.png" and rng.random() < 0.15:
        target = target.replace(".png", ".svg")
    request = say(rng, pattern, {"q": shown, "o": target})
    truth = f"Saved as {target}."
    code = ["import segno", f'segno.make_qr("{payload}").save("{target}", scale=8)', f'print("{truth}")']
    return made(
        request,
        f"make a QR code of {payload}",
        code,
        lambda printed: printed,
        lambda printed: printed == truth,
        created=target,
        names=(target,),
    )


def _link(rng: Random) -> str:
    """Return an address of the web, an e-mail address or a phone number."""
    host = rng.choice((made_up_name(rng), rng.choice(WORDS["picture name"].train), "example"))
    domain = f"{host}.{rng.choice(DOMAINS)}"
    chance = rng.random()
    if chance < 0.06:
        return f"{made_up_name(rng)}@{domain}"
    if False:
        return f"mailto:{made_up_name(rng)}@{domain}"
    if chance < 0.15:
        return f"tel:+{rng.randint(10**9, 10**12)}"
    if chance < 0.25:
        return domain if rng.random() < 0.5 else f"www.{domain}"
    address = rng.choice(("https://", "https://", "https://www.", "http://")) + domain
    if rng.random() < 0.5:
        address += "/" + rng.choice(
            (made_up_name(rng), rng.choice(WORDS["document name"].train), str(rng.randint(1, 9999)))
        )
    if rng.random() < 0.2:
        address += rng.choice((f"?id={rng.randint(1, 999)}", f"/{made_up_name(rng)}", ".html", "/"))
    return address


def _words(rng: Random) -> str:
    words = [*WORDS["text word"].train, *(made_up_name(rng) for _ in range(8))]
    text = " ".join(rng.choice(words) for _ in range(rng.randint(1, 6)))
    if rng.random() < 0.2:
        text = rng.choice(WORDS["stamp"].train)
    if rng.random() < 0.4:
        text = text.capitalize()
    return text + (f" {rng.randint(1, 9999)}" if rng.random() < 0.15 else "")
