"""Tasks with numbers: sums that people do on the back of an envelope, and some that do not fit on one."""

from __future__ import annotations

from pathlib import Path
from random import Random

from offline_interpreter.bench.core.answers import require_number, require_order
from offline_interpreter.bench.core.demands import question, require, solution
from offline_interpreter.bench.core.files import read_named, sheet_of
from offline_interpreter.bench.tasks import Attempt, Question, Task

FAMILY = "numbers"


def _product(rng: Random, folder: Path) -> Question:
    crates, bottles = rng.randrange(312, 989), rng.randrange(1203, 9871)

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, crates * bottles, "the product")

    return question(
        f"what is {crates} * {bottles}",
        look,
        solution(f"print({crates} * {bottles})", f"{crates} × {bottles} = {crates * bottles:,}"),
        f"{crates} × {bottles} = {crates * bottles + 1000:,}",
    )


def _rent(rng: Random, folder: Path) -> Question:
    old = rng.randrange(700, 1500, 5)
    new = old + rng.randrange(31, 140)
    percent = (new - old) * 100 / old

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, percent, "the rise in percent", 2)

    return question(
        f"My rent goes up from {old} to {new} euros a month. How many percent more is that? Two decimals please.",
        look,
        solution(
            f"rise = ({new} - {old}) / {old} * 100\nprint(f'{{rise:.2f}} %')", f"The rent rises by {percent:.2f} %."
        ),
        f"The rent rises by {(new - old) * 100 / new:.2f} %.",
    )


def _tickets(rng: Random, folder: Path) -> Question:
    adult, child = rng.randrange(11, 24), rng.randrange(4, 10)
    first, second = (rng.randrange(3, 6), rng.randrange(2, 4)), (2, rng.randrange(4, 7))
    paid = [group[0] * adult + group[1] * child for group in (first, second)]

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, adult, "the price for an adult")
        require_number(attempt.answer, child, "the price for a child")
        require_order(attempt.answer, [str(adult), str(child)])

    return question(
        f"At the zoo {first[0]} adults and {first[1]} children paid {paid[0]} euros, and {second[0]} adults and "
        f"{second[1]} children paid {paid[1]}. What does it cost for an adult, and then what for a child?",
        look,
        solution(
            f"""
            import numpy as np
            adult, child = np.linalg.solve({[list(first), list(second)]}, {paid})
            print(f"adult {{adult:g}}, child {{child:g}}")
            """,
            f"Adults pay {adult} euros and children pay {child} euros.",
        ),
        f"Adults pay {child} euros and children pay {adult} euros.",
    )


def _savings(rng: Random, folder: Path) -> Question:
    monthly, rate, years = rng.randrange(80, 400, 10), rng.choice((2.4, 3.0, 3.6, 4.2, 4.8)), rng.randrange(6, 19)
    factor = 1 + rate / 1200
    final = monthly * (factor ** (12 * years) - 1) / (factor - 1)

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, final, "what there is at the end", 2)

    return question(
        f"I put {monthly} € into a savings plan at the end of every month, for {years} years. It pays {rate} % a year, "
        "credited monthly (a twelfth of it each month). How much is in there after the last payment? To the cent.",
        look,
        solution(
            f"""
            balance = 0.0
            for month in range({years} * 12):
                balance = balance * (1 + {rate} / 100 / 12) + {monthly}
            print(f"{{balance:.2f}}")
            """,
            f"After {years} years there are {final:.2f} € in the plan.",
        ),
        f"After {years} years there are {monthly * 12 * years * (1 + rate / 100):.2f} € in the plan.",
    )


def _primes(rng: Random, folder: Path) -> Question:
    low = rng.randrange(20_000, 90_000)
    high = low + rng.randrange(2_000, 5_000)
    primes = [n for n in range(low, high + 1) if all(n % divisor for divisor in range(2, int(n**0.5) + 1))]

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, len(primes), "how many primes there are")
        require_number(attempt.answer, primes[-1], "the largest prime")

    return question(
        f"How many prime numbers are there from {low} to {high}, both included? And which is the largest of them?",
        look,
        solution(
            f"""
            sieve = bytearray([1]) * ({high} + 1)
            for n in range(2, int({high} ** 0.5) + 1):
                if sieve[n]:
                    sieve[n * n :: n] = bytes(len(sieve[n * n :: n]))
            primes = [n for n in range({low}, {high} + 1) if sieve[n]]
            print(len(primes), primes[-1])
            """,
            f"There are {len(primes)} primes, the largest is {primes[-1]}.",
        ),
        f"There are {len(primes) - 1} primes, the largest is {primes[-1]}.",
    )


def _schedule(principal: int, rate: float, payment: int, extra: int) -> list[tuple[int, int, int]]:
    """Return interest, payment and balance of each month, in cents; a loan is paid in whole cents."""
    balance = principal * 100
    rows: list[tuple[int, int, int]] = []
    while balance:
        interest = int(balance * rate / 1200 + 0.5)
        due = payment * 100 + (extra * 100 if len(rows) % 12 == 11 else 0)
        paid = min(due, balance + interest)
        balance += interest - paid
        rows.append((interest, paid, balance))
    return rows


def _loan(rng: Random, folder: Path) -> Question:
    principal, rate = rng.randrange(9_000, 24_000, 500), rng.choice((3.6, 4.2, 5.4, 6.0))
    payment, extra = round(principal / rng.randrange(38, 55), -1), rng.randrange(200, 900, 100)
    rows = _schedule(principal, rate, int(payment), extra)
    interest = sum(row[0] for row in rows) / 100

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, len(rows), "how many months it takes")
        require_number(attempt.answer, interest, "the interest in all", 2)
        balances = sheet_of(read_named(attempt.folder, "schedule.csv")).figures("balance")
        require(len(balances) == len(rows), f"schedule.csv has {len(balances)} months instead of {len(rows)}.")
        off = [m for m, (got, row) in enumerate(zip(balances, rows, strict=True), 1) if abs(got - row[2] / 100) > 0.011]
        require(not off, f"In schedule.csv the balance of month {off[:1]} is wrong.")

    code = f"""
        from decimal import ROUND_HALF_UP, Decimal as D
        import csv
        cent = D("0.01")
        balance, month, total, rows = D({principal}), 0, D(0), []
        while balance > 0:
            month += 1
            interest = (balance * D("{rate}") / 1200).quantize(cent, ROUND_HALF_UP)
            paid = min(D({int(payment)}) + (D({extra}) if month % 12 == 0 else 0), balance + interest)
            balance += interest - paid
            total += interest
            rows.append([month, interest, paid, balance])
        with open("schedule.csv", "w", newline="") as f:
            csv.writer(f).writerows([["month", "interest", "payment", "balance"], *rows])
        print(month, total)
        """
    return question(
        f"We borrow {principal} at {rate} % a year. Each month first a twelfth of the yearly interest on what we "
        f"still owe is added, rounded to the cent, then we pay {int(payment)}; with every 12th payment {extra} on "
        "top. The last payment is only what is left. Write the plan to schedule.csv with the columns month, "
        "interest, payment and balance, and tell me how many months it takes and how much interest we pay in all.",
        look,
        solution(code, f"It takes {len(rows)} months and costs {interest:.2f} in interest (schedule.csv)."),
        solution(
            code.replace("if month % 12 == 0 else 0", "if False else 0"),
            f"It takes {len(rows)} months, {interest:.2f} interest.",
        ),
    )


_GREEDY_LOAD = """
    import pandas as pd
    df = pd.read_csv("parcels.csv").sort_values("fee", ascending=False)
    df = df[df.weight_kg.cumsum() <= LIMIT]
    df[["parcel"]].to_csv("load.csv", index=False)
    print(df.fee.sum())
    """


_BEST_LOAD = """
    import pandas as pd
    df = pd.read_csv("parcels.csv")
    states = {0: (0, ())}
    for p in df.itertuples():
        weight = round(p.weight_kg * 10)
        for used, (fees, names) in sorted(states.items(), reverse=True):
            if used + weight <= round(LIMIT * 10):
                new = (fees + p.fee, (*names, p.parcel))
                if used + weight not in states or states[used + weight][0] < new[0]:
                    states[used + weight] = new
    fees, names = max(states.values())
    pd.DataFrame({"parcel": names}).to_csv("load.csv", index=False)
    print(fees)
    """


def _van(rng: Random, folder: Path) -> Question:
    parcels = [(f"P{n:02}", rng.randrange(30, 260), rng.randrange(15, 140)) for n in range(1, 23)]
    limit = sum(weight for _, weight, _ in parcels) * 2 // 5
    lines = ["parcel,weight_kg,fee", *(f"{name},{weight / 10},{fee}" for name, weight, fee in parcels)]
    (folder / "parcels.csv").write_text("\n".join(lines) + "\n", "utf-8")
    best = [0] * (limit + 1)
    for _, weight, fee in parcels:
        for room in range(limit, weight - 1, -1):
            best[room] = max(best[room], best[room - weight] + fee)

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, best[limit], "the highest sum of fees")
        chosen = sheet_of(read_named(attempt.folder, "load.csv")).column("parcel")
        require(
            len(set(chosen)) == len(chosen) and set(chosen) <= {p[0] for p in parcels},
            "load.csv lists a parcel twice, or an unknown one.",
        )
        require(sum(p[1] for p in parcels if p[0] in chosen) <= limit, "What load.csv lists is too heavy.")
        require(
            sum(p[2] for p in parcels if p[0] in chosen) == best[limit], "What load.csv lists does not bring the most."
        )

    return question(
        f"parcels.csv has all parcels that wait at our depot. The van takes {limit / 10:g} kg at most. Which of them "
        "should we load so that the fees add up to as much as possible? It has to be the true optimum. Put the parcels "
        "to load into load.csv (a column parcel) and tell me the sum of the fees.",
        look,
        solution(
            _BEST_LOAD.replace("LIMIT", f"{limit / 10:g}"), f"The best load brings {best[limit]}; it is in load.csv."
        ),
        solution(
            _GREEDY_LOAD.replace("LIMIT", f"{limit / 10:g}"), f"The best load brings {best[limit]}; it is in load.csv."
        ),
    )


TASKS = (
    Task("numbers-product", FAMILY, "easy", (), _product),
    Task("numbers-rent", FAMILY, "easy", (), _rent),
    Task("numbers-tickets", FAMILY, "medium", (), _tickets),
    Task("numbers-savings", FAMILY, "medium", (), _savings),
    Task("numbers-primes", FAMILY, "medium", (), _primes),
    Task("numbers-loan", FAMILY, "hard", (), _loan),
    Task("numbers-van", FAMILY, "hard", ("pandas",), _van),
)
