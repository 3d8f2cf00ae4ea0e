"""Importing logs: columns, units, segments and rates, and one sentence for each thing that is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from tests.data.logged import ARM_XML, STEP, arm, arm_motion, cube, turning

import mosim_gym
from mosim_gym.data.import_logs import import_logs
from mosim_gym.data.log_files import open_logs
from mosim_gym.data.log_findings import LogsNote
from mosim_gym.mechanics.compiling import compile_robot, load_model
from mosim_gym.mechanics.rotations import multiply
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.mechanics.typed_torch import from_numpy


def write_csv(path, columns):
    """A file with one column for each of these arrays of one axis."""
    lines = [",".join(map(repr, row)) for row in zip(*(column.tolist() for column in columns.values()), strict=True)]
    path.write_text("\n".join([",".join(columns), *lines]) + "\n")
    return path


def singles(motion):
    """The arm's motion in columns with the names of its joints and motors."""
    return {
        "time": motion["time"],
        "shoulder_pos": motion["qpos"][:, 0],
        "elbow_pos": motion["qpos"][:, 1],
        "shoulder_vel": motion["qvel"][:, 0],
        "elbow_vel": motion["qvel"][:, 1],
        "cmd_elbow": motion["action"][:, 1],
        "cmd_shoulder": motion["action"][:, 0],
    }


@pytest.fixture
def saved(tmp_path):
    """A function that writes arrays to a file of numpy."""

    def write(name="log.npz", **arrays):
        np.savez(tmp_path / name, **arrays)
        return tmp_path / name

    return write


def test_other_arrays_strings_and_numbers_of_a_file_are_ignored(saved):
    motion = arm_motion(50)
    path = saved(
        qpos=motion["qpos"], qvel=motion["qvel"], command=motion["action"], time_step=STEP, mass=3.0, raw_qpos=np.full((70, 2), np.nan),
        raw_command=np.ones((70, 2)), author="me", paths=np.array(["a", "b"]),
    )  # fmt: skip
    logs = mosim_gym.import_logs(path, robot=arm(), columns={"action": "command"})
    assert np.array_equal(logs.qpos, motion["qpos"])
    assert np.array_equal(logs.actions, motion["action"])
    assert logs.notes == ()


def test_a_rate_that_differs_by_a_millionth_is_the_same(saved):
    qpos, qvel = turning(50)
    logs = import_logs(saved(qpos=qpos, qvel=qvel, time_step=STEP * (1 + 9e-7)), cube())
    assert np.array_equal(logs.qvel, qvel)
    assert logs.actions.shape == (50, 0)
    logs = import_logs(saved(qpos=qpos, qvel=qvel, time_step=STEP * (1 + 1e-4)), cube())
    assert len(logs.qpos) == 50
    assert not np.array_equal(logs.qvel, qvel)
    assert "resampled to the control step of 0.01 s" in logs.notes[0]


@pytest.fixture
def arm_file(tmp_path):
    """The arm as a file, whose physics step is 2 ms."""
    path = tmp_path / "arm.xml"
    path.write_text(ARM_XML.replace(f'timestep="{STEP}"', 'timestep="0.002"'))
    return path


@pytest.mark.filterwarnings("ignore::mosim_gym.mechanics.robot_file.RobotFileNote")
def test_the_path_of_a_robot_stands_for_the_robot_at_the_rate_of_the_log(saved, arm_file):
    motion = arm_motion(90, 1 / 60)
    motion["time"] = np.round(motion["time"], 3)
    logs = mosim_gym.import_logs(saved(**motion), arm_file)
    assert logs.control_step == pytest.approx(1 / 60, rel=1e-6)
    assert np.array_equal(logs.qvel, motion["qvel"])
    assert logs.notes == ("The control step is that of the log, 0.0166667 s.",)
    assert mosim_gym.import_logs(saved(**arm_motion(90, 0.02)), str(arm_file)).robot.substeps == 10


@pytest.mark.filterwarnings("ignore::mosim_gym.mechanics.robot_file.RobotFileNote")
def test_with_the_path_of_a_robot_slow_logs_are_imported_and_other_units_of_time_are_refused_or_told(saved, arm_file):
    logs = mosim_gym.import_logs(saved(**arm_motion(40, 0.6)), arm_file, velocity="savgol")
    assert logs.control_step == pytest.approx(0.6)
    for step in (5e-6, 200.0):
        with pytest.raises(FileFault, match=rf"log\.npz has a row every {step:g} s: check the unit of time"):
            mosim_gym.import_logs(saved(**arm_motion(40, step)), arm_file)
    with pytest.warns(
        LogsNote, match=r"a row every 10 s, .*: check the unit of time \(time_unit='s', 'ms', 'us' or 'ns'\)"
    ):
        mosim_gym.import_logs(saved(**arm_motion(40, 10.0)), arm_file)


@pytest.mark.filterwarnings("ignore::mosim_gym.mechanics.robot_file.RobotFileNote")
def test_files_of_different_rates_are_named_with_the_share_of_rows_that_are_interpolated(saved, arm_file):
    sources = [saved("a.npz", **arm_motion(401, 0.005)), saved("b.npz", **arm_motion(201, 0.01))]
    said = r"a\.npz a row every 0\.005 s; \S+b\.npz a row every 0\.01 s\), and arm steps every 0\.005 s, so that 25 % of the rows"
    with pytest.warns(LogsNote, match=said):
        mosim_gym.import_logs(sources, arm_file)


@pytest.mark.filterwarnings("ignore::mosim_gym.mechanics.robot_file.RobotFileNote")
def test_a_log_that_is_much_slower_than_the_robot_is_told_once_with_the_way_out(saved, arm_file, tmp_path):
    sources = [saved(f"{i}.npz", **arm_motion(400, 0.02, i)) for i in range(3)]
    robot, said = mosim_gym.Robot.from_file(arm_file), []
    with pytest.warns(
        LogsNote, match=r"every 0\.02 s, and arm steps every 0\.002 s.*from_file\(…, timestep=0\.02\)"
    ) as warned:
        logs = import_logs(sources, robot, out=tmp_path / "logs", report=said.append)
    assert [note.category for note in warned] == [LogsNote]
    assert said == ["Rows every 0.02 s were resampled to the control step of 0.002 s."]
    slow = import_logs(sources, mosim_gym.Robot.from_file(arm_file, timestep=0.02)).report()
    for one in (logs, open_logs(tmp_path / "logs")):
        fast = one.report()
        assert "rows were logged every 20 ms and resampled every 2 ms" in str(fast)
        assert set(fast.advice) - set(slow.advice) == {
            "Keep the log's rate by Robot.from_file(…, timestep=0.02), and import again."
        }
        for about in ("noise", "lag", "duplicates", "outliers"):
            assert [f.found for f in fast.findings if f.about == about] == [
                f.found for f in slow.findings if f.about == about
            ]


def test_a_folder_that_an_import_saved_is_opened(saved, tmp_path):
    motion = arm_motion(50)
    import_logs(saved(**motion), arm(), out=tmp_path / "logs")
    for source in (tmp_path / "logs", [str(tmp_path / "logs")]):
        assert np.array_equal(import_logs(source, arm()).qpos, motion["qpos"])
    with pytest.raises(FileFault, match=r"holds the motion of 'arm' .* not of 'cube'"):
        import_logs(tmp_path / "logs", cube())
    with pytest.raises(
        FileFault, match="holds logs that are imported already; give such folders alone, without columns"
    ):
        import_logs(tmp_path / "logs", arm(), degrees=True)


def test_columns_may_be_a_file(saved, tmp_path):
    motion = arm_motion(50)
    motion["volts"] = motion.pop("action")
    (tmp_path / "columns.toml").write_text('action = "volts"')
    for columns in (tmp_path / "columns.toml", str(tmp_path / "columns.toml"), {"action": "volts"}):
        assert np.array_equal(import_logs(saved(**motion), arm(), columns).actions, motion["volts"])
    for columns, said in (
        ("volts", "volts is not a readable TOML file"),
        ({"action": 3}, "action is 3; it must be a column's name"),
    ):
        with pytest.raises(ValueError, match=said):
            import_logs(saved(**motion), arm(), columns)


def test_an_argument_of_another_type_is_one_sentence(saved):
    path = saved(**arm_motion(50))
    for arguments, said in (
        ((None, arm()), r"source is None; it must be a path, a pattern, or a list of these"),
        (([3], arm()), r"source is 3; it must be a path"),
        (
            (path, None),
            r"robot is None; it must be a Robot, the name of a packaged one, or the path of an MJCF or URDF file",
        ),
        (
            (path, arm(), 3),
            r"columns is a int; it must be a mapping such as \{'action': 'command'\}, or the path of a TOML file",
        ),
    ):
        with pytest.raises(TypeError, match=said):
            mosim_gym.import_logs(*arguments)
    with pytest.raises(TypeError, match="path is None; it must be the path of an MJCF or URDF file"):
        mosim_gym.Robot.from_file(None)


def test_what_looks_wrong_is_a_warning(saved):
    motion = arm_motion(200)
    with pytest.warns(LogsNote, match=r"In these logs the velocity of elbow has its sign turned\. Turn the sign"):
        import_logs(saved(**{**motion, "qvel": motion["qvel"] * [1, -1]}), arm())
    with pytest.warns(
        LogsNote,
        match=r"no hinge is ever further than 0\.017 rad .*import again without degrees=True|Import again without",
    ):
        import_logs(saved(**motion), arm(), degrees=True)


def test_joints_and_motors_are_found_by_their_names_and_it_is_said(tmp_path):
    motion = arm_motion(50)
    said = []
    logs = import_logs(write_csv(tmp_path / "log.csv", singles(motion)), arm(), report=said.append)
    for name in ("qpos", "qvel"):
        assert np.array_equal(getattr(logs, name), motion[name])
    assert np.array_equal(logs.actions, motion["action"])
    assert "Guessed action from cmd_shoulder, cmd_elbow." in said
    assert tuple(said) == logs.notes


@pytest.mark.parametrize("motors", [("m_shoulder", "m_elbow"), ("first", "second")])
def test_a_command_is_found_by_the_joint_that_its_motor_drives(tmp_path, motors):
    xml = ARM_XML.replace("shoulder_motor", motors[0]).replace("elbow_motor", motors[1])
    robot = compile_robot(load_model(xml), name="arm", substeps=1)
    robot.save(tmp_path / "robot.safetensors")
    motion, columns = arm_motion(50), singles(arm_motion(50))
    for one in (robot, mosim_gym.Robot.load(tmp_path / "robot.safetensors")):
        assert np.array_equal(import_logs(write_csv(tmp_path / "log.csv", columns), one).actions, motion["action"])
    del columns["cmd_elbow"]
    said = f"no column is named after the actuators {motors[1]}, though others have theirs; give .* elbow_vel, cmd_shoulder"
    with pytest.raises(FileFault, match=said):
        import_logs(write_csv(tmp_path / "log.csv", columns), robot)


def test_files_are_segments_of_one_robot(tmp_path):
    for name in ("b", "a"):
        write_csv(tmp_path / f"{name}.csv", singles(arm_motion(30)))
    for source in (tmp_path, tmp_path / "*.csv", [tmp_path / "a.csv", str(tmp_path / "b.csv")]):
        logs = import_logs(source, arm())
        assert len(logs) == 2
        assert logs.sources == (str(tmp_path / "a.csv"), str(tmp_path / "b.csv"))
    columns = singles(arm_motion(30))
    del columns["elbow_vel"]
    write_csv(tmp_path / "c.csv", columns)
    with pytest.raises(
        FileFault,
        match=r"a\.csv has a column 'elbow_vel', and .*c\.csv has none: they look like two robots; import each",
    ):
        import_logs(tmp_path, arm())


def test_segments_whose_rows_are_mixed_are_made_whole(saved):
    one, two = arm_motion(20), arm_motion(20, phase=1)
    mixed = {name: np.stack((one[name], two[name]), 1).reshape(40, *one[name].shape[1:]) for name in one}
    logs = import_logs(saved(**mixed, segment=np.tile([7, 3], 20)), arm())
    assert np.array_equal(logs[0].qpos, one["qpos"])
    assert np.array_equal(logs[1].qpos, two["qpos"])
    assert logs.sources[0].endswith("log.npz, segment 7")


def test_gaps_in_time_split_segments_and_are_never_bridged(saved):
    motion = arm_motion(100)
    kept = np.r_[0:40, 42:70, 71:72, 75:100]  # the row between two gaps is no motion
    logs = import_logs(saved(**{name: column[kept] for name, column in motion.items()}), arm())
    assert [len(segment.qpos) for segment in logs] == [40, 28, 25]
    assert np.array_equal(logs[1].qpos, motion["qpos"][42:70])
    assert logs.sources[2].endswith("log.npz, part 4")
    assert "time jumps at 3 places" in logs.notes[0]
    assert "left out 1 segments that are too short (1 of 94 rows)" in logs.notes[1]


def test_times_that_a_logger_rounded_are_those_of_the_control_step(saved):
    motion = arm_motion(300)
    assert np.array_equal(import_logs(saved(**motion), arm()).qpos, motion["qpos"])
    motion["time"] = motion["time"].astype(np.float32)
    assert np.array_equal(import_logs(saved(**motion), arm()).qpos, motion["qpos"])
    motion["time"] = (1.7e18 + np.arange(300) * 1e9 * STEP).astype(np.int64)
    assert np.array_equal(import_logs(saved(**motion), arm(), time_unit="ns").qpos, motion["qpos"])


@pytest.mark.parametrize("rate", [1000, 400, 250, 60])
def test_another_rate_becomes_the_control_step(saved, rate):
    motion = arm_motion(2 * rate, 1 / rate)
    logs = import_logs(saved(**motion), arm())
    wanted = arm_motion(len(logs.qpos))
    assert len(logs.qpos) == pytest.approx(2 / STEP, abs=2)
    np.testing.assert_allclose(logs.qpos, wanted["qpos"], atol=4 / rate**2 * 25 / 8)
    np.testing.assert_allclose(logs.qvel, wanted["qvel"], atol=4 / rate**2 * 125 / 8)


def test_a_command_holds_until_the_next_and_none_is_lost(saved):
    motion = arm_motion(100, STEP / 2)
    motion["action"] = np.repeat(np.arange(50.0), 2)[:, None] * [1, 2]
    logs = import_logs(saved(**motion), arm())
    assert np.array_equal(logs[0].actions[:, 0], np.arange(49.0))
    motion = arm_motion(50, STEP * 2)
    logs = import_logs(saved(**motion), arm())
    assert np.array_equal(logs[0].actions[:98], np.repeat(motion["action"][:49], 2, axis=0))
    motion = arm_motion(100, STEP / 4)
    logs = import_logs(saved(**motion), arm())
    np.testing.assert_allclose(logs[0].actions, motion["action"][:96].reshape(24, 4, 2).mean(1), atol=1e-9)


def test_irregular_times_are_interpolated(saved, rng):
    time = np.sort(arm_motion(400)["time"] + rng.uniform(-2e-3, 2e-3, 400))
    exact = {"qpos": np.sin(3 * time[:, None] + [0, 1]), "action": np.ones((400, 2)), "time": time}
    logs = import_logs(saved(**exact), arm())
    wanted = 3 * (np.arange(len(logs.qpos)) * STEP + time[0])[:, None] + [0, 1]
    np.testing.assert_allclose(logs.qpos, np.sin(wanted), atol=6e-4)
    np.testing.assert_allclose(logs.qvel, 3 * np.cos(wanted), atol=0.06)
    assert "were resampled every 0.01 s" in logs.notes[0]
    assert "Velocities were estimated" in logs.notes[1]


def test_rotations_are_resampled_along_the_shortest_way(saved):
    qpos, qvel = turning(100, 0.023)
    qpos[::2, 3:] *= -1
    logs = import_logs(saved(qpos=qpos, qvel=qvel, time_step=0.023), cube())
    wanted = turning(len(logs.qpos))[0]
    back = from_numpy(wanted[:, 3:] * [1, -1, -1, -1])
    turn = multiply(back, from_numpy(np.ascontiguousarray(logs.qpos[:, 3:]))).numpy()
    assert np.abs(turn[:, 1:]).max() < 1e-6


def test_missing_velocities_are_estimated(saved):
    qpos, qvel = turning(100)
    path = saved(qpos=qpos, time_step=STEP)
    logs = import_logs(path, cube())
    np.testing.assert_allclose(logs.qvel, qvel, atol=1e-6)
    assert logs.notes == ("Velocities were estimated by cubic polynomials through 5 rows (50 ms).",)
    assert "differences from the row before" in import_logs(path, cube(), velocity="causal").notes[0]
    with pytest.raises(FileFault, match=r"log\.npz has no velocities; give their column"):
        import_logs(path, cube(), velocity="given")


def test_degrees_and_the_order_of_quaternions_are_converted(saved):
    motion = arm_motion(50)
    degrees = {**motion, "qpos": np.degrees(motion["qpos"]), "qvel": np.degrees(motion["qvel"])}
    np.testing.assert_allclose(import_logs(saved(**degrees), arm(), degrees=True).qvel, motion["qvel"])
    mixed = {**degrees, "qvel": motion["qvel"]}
    np.testing.assert_allclose(import_logs(saved(**mixed), arm(), degrees="qpos").qpos, motion["qpos"])
    qpos, qvel = turning(50)
    other = np.column_stack((qpos[:, :3], 1.01 * qpos[:, [4, 5, 6, 3]]))
    found = import_logs(saved(qpos=other, qvel=qvel, time_step=STEP), cube(), quaternions="xyzw")
    np.testing.assert_allclose(found.qpos, qpos, atol=1e-12)


def test_parts_of_an_array_are_columns(saved):
    motion = arm_motion(50)
    observations = np.column_stack((np.zeros(50), motion["qvel"], motion["qpos"]))
    columns = {"qpos": "observations[3:]", "qvel": ["observations[1]", "observations[2]"]}
    logs = import_logs(saved(observations=observations, action=motion["action"], time_step=STEP), arm(), columns)
    assert np.array_equal(logs.qpos, motion["qpos"])
    assert np.array_equal(logs.qvel, motion["qvel"])


def test_an_imported_log_is_saved_and_a_failed_import_leaves_the_old_one(saved, tmp_path):
    out = tmp_path / "logs"
    import_logs(saved(**arm_motion(50)), arm(), out=out)
    broken = arm_motion(60)
    broken["qvel"][3, 1] = np.nan
    with pytest.raises(FileFault):
        import_logs(saved(**broken), arm(), out=out)
    assert len(open_logs(out).qpos) == 50
    import_logs(saved(**arm_motion(60)), arm(), out=out)
    assert len(open_logs(out).qpos) == 60


def changed(**columns):
    """The arm's motion with other columns; None leaves one out."""
    motion = {**arm_motion(50), **columns}
    return {name: column for name, column in motion.items() if column is not None}


def with_row(name, row, value):
    column = arm_motion(50)[name].copy()
    column[row] = value
    return {name: column}


TIME = arm_motion(50)["time"]
TWICE = 1.7e9 + np.where(np.arange(50) == 20, TIME[19], TIME)
QPOS, QVEL, DEGREES = arm_motion(50)["qpos"], arm_motion(50)["qvel"], 180 / np.pi
FAULTS = {
    "missing column": (changed(), {"action": "comand"}, r"log\.npz has no column 'comand'\. .*Valid: qpos, qvel, action, time\."),
    "no positions": (changed(qpos=None), {}, r"log\.npz has no positions of arm: .*columns=\{'qpos': …\}"),
    "no actions": (changed(action=None), {}, r"log\.npz has no actions of arm: no column is named so, nor after its actuators"),
    "unknown part": (changed(), {"actoin": "action"}, r"Unknown part of a log 'actoin'. Did you mean 'action'\?"),
    "three axes": (changed(qpos=np.zeros((5, 50, 2))), {}, r"log\.npz: 'qpos' is an array of shape \(5, 50, 2\); a column has the shape"),
    "three axes named": (changed(x=np.zeros((5, 50, 2))), {"qpos": "x"}, r"'x' is an array of shape \(5, 50, 2\); a column has the shape"),
    "one column twice": (changed(), {"qvel": "qpos", "qpos": "qpos"}, r"the column 'qpos' is named for qvel and qpos; name another"),
    "one part twice": (changed(x=np.zeros((50, 4))), {"qpos": "x[0:2]", "qvel": "x[1:3]"}, "share numbers and are named for qpos and qvel"),
    "one number twice": (changed(), {"qpos": ["a", "a"]}, r"the column 'a' is named for two numbers of qpos; name another one for each"),
    "another shape": (changed(qpos=np.zeros((50, 7))), {}, r"qpos has 7 numbers in a row \(qpos\); arm has 2 \(shoulder, elbow\)"),
    "another length": (changed(qvel=np.zeros((40, 2))), {}, r"log\.npz: column 'qvel' has 40 rows, and the positions have 50"),
    "one NaN": (changed(**with_row("qvel", (7, 1), np.nan)), {}, r"log\.npz has no number \(NaN\) in column 'qvel', number 1, row 7"),
    "infinite": (changed(**with_row("action", (9, 0), np.inf)), {}, r"log\.npz has inf in column 'action', number 0, row 9"),
    "backwards": (changed(**with_row("time", 20, 0.0)), {}, r"log\.npz: time does not grow in column 'time', row 20: 0 follows 0\.19"),
    "one time twice": (changed(time=TWICE), {}, r"row 20: the time 1700000000\.19 occurs twice; leave one of the rows out"),
    "back a little": (changed(time=1.7e9 - TIME), {}, r"row 1: 1699999999\.99 follows 1700000000; where a segment begins there"),
    "few digits of float32": (changed(time=np.float32(1.7e9 + TIME)), {}, "float32 have too few digits, they are multiples of 128"),
    "no rate": (changed(time=None), {}, r"log\.npz has no column of times; give time_step="),
    "milliseconds": (changed(time=np.arange(50) * 10.0), {}, r"has a row every 10 s, and the control step of arm is 0\.01 s: check"),
    "seconds": (changed(time=np.arange(50) * 1e-5), {}, r"a row every 1e-05 s, .*: check the unit of time \(time_unit='s',"),
    "degrees": (changed(qpos=DEGREES * QPOS, qvel=DEGREES * QVEL), {}, r"elbow reach 57\.3, and its range ends at 2\.62: .*degrees=True"),
    "mixed units": (changed(qvel=DEGREES * QVEL), {}, r"velocities of shoulder are 57\.3 times .* degrees='qvel'"),
    "too short": ({name: column[:1] for name, column in arm_motion(50).items()}, {}, r"log\.npz has no two rows that follow one another"),
    "empty": ({name: column[:0] for name, column in arm_motion(50).items()}, {}, r"log\.npz has no two rows that follow one another"),
    "text": (changed(qpos=np.full((50, 2), "x")), {}, r"log\.npz: column 'qpos' holds text"),
    "pickle": (changed(qpos=np.full((50, 2), None)), {}, r"log\.npz has no positions of arm"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_one_sentence(fault, saved):
    arrays, columns, said = FAULTS[fault]
    with pytest.raises((FileFault, KeyError), match=said) as found:
        import_logs(saved(**arrays), arm(), columns)
    assert "\n" not in str(found.value)


def test_a_command_less_than_states_is_noted(saved):
    motion = arm_motion(50)
    logs = import_logs(saved(**{**motion, "action": motion["action"][:-1]}), arm())
    assert np.array_equal(logs[0].actions, motion["action"][:-1])
    assert logs.notes == (
        "The commands have a row less than the states: the last command, which moves nothing, was missing.",
    )


def test_files_of_a_folder_that_are_no_logs_are_told_with_a_pattern(tmp_path):
    write_csv(tmp_path / "a.csv", singles(arm_motion(30)))
    for name in ("readme.txt", "README.txt"):
        (tmp_path / name).write_text("Logs of the arm, by hand.\n\nThe motor was warm.\n")
        with pytest.raises(FileFault, match=rf"{name}.*; if {name} is no log, give a pattern such as \S+\*\.csv\."):
            import_logs(tmp_path, arm())
    assert len(import_logs(tmp_path / "*.csv", arm())) == 1


def test_a_file_that_was_cut_off_is_damaged(saved):
    path = saved(**arm_motion(50))
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(FileFault, match=r"log\.npz is not a readable \.npz file: it is damaged or cut off"):
        import_logs(path, arm())


def test_a_quaternion_of_another_length_is_refused(saved):
    qpos, qvel = turning(20)
    qpos[4, 3:] = 0
    with pytest.raises(FileFault, match=r"log\.npz has a quaternion whose length is not 1 in qpos, row 4"):
        import_logs(saved(qpos=qpos, qvel=qvel, time_step=STEP), cube())


def test_tables_of_text_say_line_and_column(tmp_path):
    columns = singles(arm_motion(20))
    columns["elbow_pos"] = np.array([*columns["elbow_pos"][:5], np.nan, *columns["elbow_pos"][6:]])
    path = write_csv(tmp_path / "log.csv", columns)
    with pytest.raises(FileFault, match=r"log\.csv has no number \(NaN\) in column 'elbow_pos', row 5 \(line 7\)"):
        import_logs(path, arm())
    path.write_text(path.read_text().replace("nan", "off"))
    with pytest.raises(
        FileFault, match=r"log\.csv has 'off', which is no number in column 'elbow_pos', row 5 \(line 7\)"
    ):
        import_logs(path, arm())
    path.write_text(path.read_text().replace("off", ""))
    with pytest.raises(FileFault, match=r"log\.csv has nothing in column 'elbow_pos', row 5 \(line 7\)"):
        import_logs(path, arm())
    for row, count in (("0.02,1", 2), ("0.02,1,2,3", 4)):
        path.write_text(f"time,q_0,q_1\n0,1,2\n{row}\n0.04,1,2\n")
        said = rf"log\.csv has {count} values in line 3 \(row 1\), and 3 columns \(time, q_0, q_1\); correct the row"
        with pytest.raises(FileFault, match=said):
            import_logs(path, arm())
    path.write_text("time,time\n0,1\n")
    with pytest.raises(FileFault, match="has two columns with the name 'time'"):
        import_logs(path, arm())
    path.write_text("time,q_0,q_1\n")
    with pytest.raises(FileFault, match="has no rows"):
        import_logs(path, arm())


def test_choices_that_are_none_are_refused(tmp_path):
    with pytest.raises(ValueError, match="quaternions is 'zyxw'; it must be one of 'wxyz', 'xyzw'"):
        import_logs(tmp_path, arm(), quaternions="zyxw")
    with pytest.raises(FileFault, match=r"No file matches .*\.csv"):
        import_logs(tmp_path / "*.csv", arm())
    with pytest.raises(FileFault, match="The list of logs is empty"):
        import_logs([], arm())
    with pytest.raises(KeyError, match=r"Unknown robot 'chetah'. Did you mean 'cheetah'"):
        import_logs(tmp_path, "chetah")
