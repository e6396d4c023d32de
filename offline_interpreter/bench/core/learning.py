"""Tasks with models and networks: what a machine learns from a table, and who is linked to whom."""

from __future__ import annotations

import heapq
from collections import Counter
from itertools import pairwise
from pathlib import Path
from random import Random

from offline_interpreter.bench.core.answers import require_name, require_number, require_order
from offline_interpreter.bench.core.demands import question, require, solution
from offline_interpreter.bench.core.files import read_named, sheet_of
from offline_interpreter.bench.core.invented import FIRST_NAMES, WORDS, write_csv
from offline_interpreter.bench.tasks import Attempt, Question, Task

FAMILY = "models and networks"
LEARNING = ("sklearn", "pandas", "numpy")
KINDS = ("good", "fair", "poor")


def _fruit(rng: Random, number: int) -> tuple[list[object], str]:
    """Return one apple: its features, of which some are missing, and its kind, which follows from them nearly."""
    weight, sugar, color = rng.gauss(160, 30), rng.uniform(6, 16), rng.choice(("red", "green", "yellow"))
    firm, noise = rng.uniform(0, 10), rng.gauss(0, 0.2)
    score = (sugar - 11) / 2 + (1.2 if color == "red" else 0) - abs(firm - 6) / 3 + noise
    kind = KINDS[0] if score > 0.5 else KINDS[1] if score > -1 else KINDS[2]
    cells: list[object] = [number, f"{weight:.0f}", f"{sugar:.1f}" if rng.random() < 0.97 else "", color, f"{firm:.1f}"]
    return cells, kind


def _forest(rng: Random, folder: Path) -> Question:
    apples = [_fruit(rng, number) for number in range(1, 701)]
    header = ("id", "weight", "sugar", "color", "firmness")
    write_csv(folder / "train.csv", (*header, "grade"), [(*cells, kind) for cells, kind in apples[:500]])
    write_csv(folder / "new.csv", header, [cells for cells, _ in apples[500:]])
    hidden = {str(cells[0]): kind for cells, kind in apples[500:]}
    most = Counter(hidden.values()).most_common(1)[0][1] / len(hidden)

    def look(attempt: Attempt) -> None:
        table = sheet_of(read_named(attempt.folder, "predictions.csv"))
        got = dict(zip(table.column("id"), table.column("grade"), strict=True))
        require(
            len(table.rows) == len(hidden) and set(got) == set(hidden),
            "predictions.csv does not grade each new apple once.",
        )
        right = sum(got[number] == kind for number, kind in hidden.items()) / len(hidden)
        require(right >= max(0.72, most + 0.1), f"Only {right:.0%} of the predictions are right.")

    code = """
        import pandas as pd
        from sklearn.ensemble import RandomForestClassifier
        train, new = pd.read_csv("train.csv"), pd.read_csv("new.csv")
        def features(df):
            x = df[["weight", "sugar", "firmness"]].fillna(train["sugar"].median())
            return x.join(pd.get_dummies(df["color"]))
        forest = RandomForestClassifier(100, random_state=0, n_jobs=1).fit(features(train), train["grade"])
        new["grade"] = forest.predict(features(new))
        new[["id", "grade"]].to_csv("predictions.csv", index=False)
        print(len(new))
        """
    return question(
        "train.csv has apples that our experts graded. Train a random forest on it and grade the apples in new.csv: "
        "save predictions.csv with the columns id and grade. Mind that some values are missing.",
        look,
        solution(code, "I graded 200 apples in predictions.csv."),
        solution(
            code.replace("forest.predict(features(new))", "train['grade'].mode()[0]"),
            "I graded 200 apples in predictions.csv.",
        ),
    )


def _clusters(rng: Random, folder: Path) -> Question:
    centers = [(20, 15), (60, 20), (40, 70)]
    counts = rng.sample(range(25, 90), 3)
    rows = [
        (round(rng.gauss(x, 4), 1), round(rng.gauss(y, 4), 1))
        for (x, y), count in zip(centers, counts, strict=True)
        for _ in range(count)
    ]
    rng.shuffle(rows)
    write_csv(folder / "customers.csv", ("visits", "basket"), rows)
    ordered = sorted(counts)

    def look(attempt: Attempt) -> None:
        require_order(attempt.answer, [str(count) for count in ordered])

    code = """
        import numpy as np
        import pandas as pd
        from sklearn.cluster import KMeans
        df = pd.read_csv("customers.csv")
        print(sorted(np.bincount(KMeans(3, n_init=10, random_state=0).fit_predict(df))))
        """
    return question(
        "There should be three kinds of customers in customers.csv, by visits and basket. How many customers are in "
        "each of the three groups? Smallest group first.",
        look,
        solution(code, "The groups have " + ", ".join(map(str, ordered)) + " customers."),
        "The groups have " + ", ".join(str(count + 5) for count in ordered) + " customers.",
    )


def _regression(rng: Random, folder: Path) -> Question:
    rows, slope, base = [], rng.uniform(1500, 4000), rng.randrange(20_000, 90_000)
    for _ in range(80):
        area, age = rng.randrange(35, 190), rng.randrange(0, 70)
        rows.append((area, age, round(base + slope * area - 700 * age + rng.gauss(0, 9000))))
    write_csv(folder / "flats.csv", ("area", "age", "price"), rows)
    asked = rng.randrange(60, 150), rng.randrange(5, 40)
    truth = _least_squares(rows, asked)

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, round(truth), "the price", 0)

    code = f"""
        import pandas as pd
        from sklearn.linear_model import LinearRegression
        df = pd.read_csv("flats.csv")
        model = LinearRegression().fit(df[["area", "age"]].to_numpy(), df["price"])
        print(round(model.predict([{list(asked)}])[0]))
        """
    return question(
        "Fit a linear regression of price on area and age in flats.csv (with intercept). Which price does it give "
        f"for a flat of {asked[0]} square meters that is {asked[1]} years old? Rounded to whole euros.",
        look,
        solution(code, f"The regression gives {round(truth):,} euros."),
        f"The regression gives {round(truth * 1.01):,} euros.",
    )


def _least_squares(rows: list[tuple[int, int, int]], at: tuple[int, int]) -> float:
    """Return the value at a point of the plane fitted to rows x, y, z, by solving the normal equations."""
    points = [(1.0, float(x), float(y), float(z)) for x, y, z in rows]
    system = [[sum(p[i] * p[j] for p in points) for j in range(4)] for i in range(3)]
    for i in range(3):
        for j in range(3):
            if i != j:
                share = system[j][i] / system[i][i]
                system[j] = [b - share * a for a, b in zip(system[i], system[j], strict=True)]
    weights = [row[3] / row[i] for i, row in enumerate(system)]
    return weights[0] + weights[1] * at[0] + weights[2] * at[1]


def _best_linked(rng: Random, folder: Path) -> Question:
    names = rng.sample(FIRST_NAMES, 18)
    hub = names[0]
    pairs = {frozenset(rng.sample(names, 2)) for _ in range(30)}
    degrees = Counter(name for pair in pairs for name in pair)
    others = [name for name in names[1:] if frozenset((hub, name)) not in pairs]
    pairs |= {frozenset((hub, name)) for name in others[: max(degrees.values()) - degrees[hub] + 2]}
    rows = [tuple(rng.sample(sorted(pair), 2)) for pair in sorted(pairs, key=sorted)]
    rows += [row[::-1] for row in rng.sample(rows, 9)]
    rng.shuffle(rows)
    write_csv(folder / "calls.csv", ("caller", "called"), rows)
    truth = sum(hub in pair for pair in pairs)

    def look(attempt: Attempt) -> None:
        require_name(attempt.answer, hub, names)
        require_number(attempt.answer, truth, "with how many people")

    code = """
        import networkx as nx
        import pandas as pd
        graph = nx.from_pandas_edgelist(pd.read_csv("calls.csv"), "caller", "called")
        print(max(graph.degree, key=lambda pair: pair[1]))
        """
    return question(
        "Who in calls.csv has talked on the phone with the most different people, and with how many? It doesn't "
        "matter who called whom.",
        look,
        solution(code, f"{hub} has talked with {truth} different people."),
        f"{hub} has talked with {sum(hub in row for row in rows) + 7} different people.",
    )


def _shortest_way(rng: Random, folder: Path) -> Question:
    towns = [
        f"{town} {part}" for town in ("Aldbrück", "Corvale", "Farrow", "Jorvale") for part in ("North", "South", "Mill")
    ]
    roads = {(a, b): rng.randrange(4, 30) for a, b in pairwise(towns)}
    while len(roads) < 24:
        a, b = rng.sample(towns, 2)
        if (a, b) not in roads and (b, a) not in roads:
            roads[a, b] = rng.randrange(15, 80)
    write_csv(folder / "roads.csv", ("from", "to", "km"), [(a, b, km) for (a, b), km in roads.items()])
    start, goal = towns[rng.randrange(3)], towns[-1 - rng.randrange(3)]
    length = _distance(roads, start, goal)

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, length, "how long the way is")
        table = sheet_of(read_named(attempt.folder, "route.csv"))
        stops = table.column("town")
        both = roads | {(b, a): km for (a, b), km in roads.items()}
        legs = list(pairwise(stops))
        require(stops[:1] == [start] and stops[-1:] == [goal], "route.csv does not lead from the start to the goal.")
        require(all(leg in both for leg in legs), "route.csv uses a road that does not exist.")
        require(sum(both[leg] for leg in legs) == length, "The way in route.csv is not the shortest.")

    code = f"""
        import networkx as nx
        import pandas as pd
        graph = nx.from_pandas_edgelist(pd.read_csv("roads.csv"), "from", "to", edge_attr="km")
        stops = nx.shortest_path(graph, "{start}", "{goal}", weight="km")
        pd.DataFrame({{"town": stops}}).to_csv("route.csv", index=False)
        print(nx.path_weight(graph, stops, "km"))
        """
    return question(
        f"What is the shortest way from {start} to {goal} by the roads in roads.csv (one can drive them both ways)? "
        "Save the towns along it in their order as route.csv with a column town, and tell me how many km it is.",
        look,
        solution(code, f"The shortest way is {length} km; route.csv has its towns."),
        f"The shortest way is {length + 1} km; route.csv has its towns.",
    )


def _distance(roads: dict[tuple[str, str], int], start: str, goal: str) -> int:
    """Return the length of the shortest way between two towns (Dijkstra)."""
    queue, done = [(0, start)], set[str]()
    while queue:
        length, town = heapq.heappop(queue)
        if town == goal:
            return length
        if town not in done:
            done.add(town)
            for (a, b), km in roads.items():
                if town in (a, b):
                    heapq.heappush(queue, (length + km, b if town == a else a))
    return -1


def _communities(rng: Random, folder: Path) -> Question:
    names = rng.sample([word for word in WORDS if word not in ("bridge", "circle", "engine", "kernel", "paper")], 24)
    groups = [names[:10], names[10:18], names[18:]]
    links = {
        frozenset((name, other))
        for group in groups
        for name in group
        for other in rng.sample(group, 4)
        if name != other
    }
    for one, other in ((groups[0], groups[1]), (groups[1], groups[2])):
        links.add(frozenset((one[0], other[0])))
    rows = [(*sorted(link), rng.randrange(1, 9)) for link in sorted(links, key=sorted)]
    rng.shuffle(rows)
    write_csv(folder / "mentions.csv", ("page", "other", "times"), rows)
    bridge = groups[1][0]
    truth = {frozenset(group) for group in groups}

    def look(attempt: Attempt) -> None:
        table = sheet_of(read_named(attempt.folder, "groups.csv"))
        found: dict[str, set[str]] = {}
        for page, group in zip(table.column("page"), table.column("group"), strict=True):
            found.setdefault(group, set()).add(page)
        require({frozenset(group) for group in found.values()} == truth, "groups.csv does not hold the three groups.")
        require_name(attempt.answer, bridge, names)

    code = """
        import networkx as nx
        import pandas as pd
        graph = nx.from_pandas_edgelist(pd.read_csv("mentions.csv"), "page", "other")
        groups = nx.community.greedy_modularity_communities(graph, cutoff=3, best_n=3)
        rows = [(page, number) for number, group in enumerate(groups, 1) for page in sorted(group)]
        pd.DataFrame(rows, columns=["page", "group"]).to_csv("groups.csv", index=False)
        between = nx.betweenness_centrality(graph)
        print(max(between, key=between.get))
        """
    return question(
        "mentions.csv says which pages of our wiki mention each other. They fall into three groups that hardly know "
        "of each other: write groups.csv with the columns page and group (1, 2, 3). And which single page has the "
        "highest betweenness, each link counted once? Only its name.",
        look,
        solution(code, bridge),
        solution(code.replace("cutoff=3, best_n=3", "cutoff=2, best_n=2"), bridge),
    )


TASKS = (
    Task("networks-best-linked", FAMILY, "easy", ("networkx", "pandas"), _best_linked),
    Task("models-clusters", FAMILY, "medium", LEARNING, _clusters),
    Task("models-regression", FAMILY, "medium", LEARNING, _regression),
    Task("networks-shortest-way", FAMILY, "medium", ("networkx", "pandas"), _shortest_way),
    Task("models-forest", FAMILY, "hard", LEARNING, _forest),
    Task("networks-communities", FAMILY, "hard", ("networkx", "pandas"), _communities),
)
