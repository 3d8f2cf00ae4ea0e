"""Descriptions of tasks and robots from the catalogue, for `mosim-gym info` and the generated pages of the documentation."""

from __future__ import annotations

import inspect
import math

from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.parts import JointType
from mosim_gym.robots import find_robot, find_task, load_robot, load_task, robot_definitions, tasks
from mosim_gym.robots.catalogue import absent_robots
from mosim_gym.robots.spaces import observation_shapes
from mosim_gym.zoo.names import packaged_for


def task_sections(task_id: str) -> dict[str, str]:
    """The parts of a task's docstring: `summary`, `Reward`, `Start`, `End`."""
    _, kind = find_task(task_id)
    sections: dict[str, str] = {"summary": ""}
    current = "summary"
    for line in inspect.cleandoc(kind.__doc__ or "").splitlines():
        head, colon, rest = line.partition(":")
        if colon and head in ("Reward", "Start", "End"):
            current, line = head, rest.strip()
        sections[current] = f"{sections.get(current, '')} {line}".strip()
    return {key: text[:1].upper() + text[1:] if not text.startswith("`") else text for key, text in sections.items()}


def task_table() -> str:
    """All tasks, one row each."""
    rows = []
    for task_id in tasks():
        definition, _ = find_task(task_id)
        if definition.extra is None and not definition.description_file.exists():
            rows.append(
                [f"`MoSim/{task_id}-v0`", definition.name, "not built", "", "", "", task_sections(task_id)["summary"]]
            )
            continue
        size = sum(math.prod(shape) for shape in observation_shapes(task_id).values())
        robot = load_robot(definition.name)
        rows.append(
            [
                f"`MoSim/{task_id}-v0`",
                definition.name,
                size,
                robot.nu,
                f"{robot.control_step:g} s",
                "packaged" if packaged_for(definition.name) else "not yet",
                task_sections(task_id)["summary"].rstrip("."),
            ]
        )
    return table(["Id", "Robot", "Observation", "Action", "Step", "Model", "Task"], rows)


def describe_task(task_id: str) -> str:
    """The description of a task: spaces with names and units, reward, start, end, deviations from dm_control."""
    definition, kind = find_task(task_id)
    task, sections = load_task(task_id), task_sections(task_id)
    shapes = observation_shapes(task_id)
    start, rows = 0, []
    for name, shape in shapes.items():
        stop = start + math.prod(shape)
        rows.append(
            [f"`{name}`", f"{start}–{stop - 1}" if stop - start > 1 else start, kind.observation_names.get(name, "")]
        )
        start = stop
    robot = task.robot
    learned = packaged_for(definition.name)
    chosen = "" if learned else ', checkpoint="truth"'
    low, high = robot.control_range
    controls = [[f"`{n}`", f"[{a:g}, {b:g}]"] for n, a, b in zip(robot.actuators.names, low, high, strict=True)]
    lines = [
        f"### {task_id}",
        "",
        sections["summary"],
        "",
        f'`gymnasium.make("MoSim/{task_id}-v0"{chosen})` · robot `{definition.name}` · {robot.control_step:g} s a step · '
        f"{'' if learned else 'no packaged model yet · '}"
        f"tags: {', '.join(sorted(kind.tags)) or 'none'}",
        "",
        table(["Observation", "Index", "What it is"], rows),
        "",
        table(["Action", "Range"], controls),
        "",
        *(f"- **{key}.** {sections[key]}" for key in ("Reward", "Start", "End") if key in sections),
    ]
    if task.goal_names:
        lines.append(
            f'- **Goal.** `{"`, `".join(task.goal_names)}`: part of each environment\'s state, set by `reset(options={{"goal": …}})`.'
        )
    if kind.in_dm_control:
        lines.append(f"- **Deviations from dm_control.** {' '.join(kind.deviations) or 'None.'}")
    return "\n".join(lines)


def describe_robot(name: str) -> str:
    """A robot's joints, sizes, steps and identity."""
    robot, definition = load_robot(name), find_robot(name)
    joints = [
        [
            joint or f"#{row}",
            JointType(robot.joints.type[row]).name.lower(),
            f"[{robot.joints.range[row, 0]:.3g}, {robot.joints.range[row, 1]:.3g}]"
            if robot.joints.limited[row]
            else "free",
        ]
        for row, joint in enumerate(robot.joints.names)
    ]
    unchanging = (*robot.invariances.translations, *filter(None, [robot.invariances.yaw]))
    lines = [
        f"### {name}",
        "",
        f"nq {robot.nq}, nv {robot.nv}, nu {robot.nu}; mass {robot.bodies.mass.sum():.4g} kg; "
        f"control step {robot.control_step:g} s = {robot.substeps} × {robot.physics_step:g} s, {robot.integrator}; "
        f"{len(robot.contacts)} contact points.",
        "",
        table(["Joint", "Type", "Range (rad, m)"], joints),
        "",
        f"Does not depend on: {', '.join(unchanging) or 'nothing declared'}.",
        f"Tasks: {', '.join(task.id() for task in definition.tasks)}. Fingerprint {robot.fingerprint}.",
    ]
    return "\n".join(lines)


def describe_everything() -> str:
    """The table of tasks and the list of robots."""
    return f"{task_table()}\n\nRobots: {', '.join(robot_definitions())}."


def tasks_page() -> str:
    """The documentation's page of all tasks. Raises `MissingExtra` where a robot is absent because an extra is not installed."""
    for name in absent_robots():
        find_robot(name)
    head = [
        "# Tasks",
        "",
        "On this page you choose a task, and look up its spaces, reward, start and end. `python scripts/generate_docs.py` writes it",
        "from the robot files.",
        "",
        task_table(),
        "",
        "Every task runs 1,000 control steps unless `max_episode_steps` says otherwise. The flat observation is float32, in the",
        "order shown here, which is dm_control's own for its robots. With `obs=\"dict\"` it is Shimmy's dictionary (keys sorted, float64).",
        "Actions are float32 and clipped to their range.",
    ]
    pages = []
    for definition in robot_definitions().values():
        pages += [
            f"## {definition.name.replace('_', ' ').capitalize()}",
            "",
            inspect.cleandoc(_module_doc(definition.name)),
            "",
        ]
        for task in definition.tasks:
            pages += [describe_task(task.id()), ""]
    return "\n".join([*head, "", *pages]).rstrip() + "\n"


def _module_doc(robot: str) -> str:
    kind = find_robot(robot).tasks[0]
    return inspect.getmodule(kind).__doc__ or ""  # pyright: ignore[reportOptionalMemberAccess]
