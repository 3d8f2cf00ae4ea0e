"""What logs hold, and what to do about what is missing in them or looks wrong: one finding for each question, with one sentence of advice.

`str(report)` is a table of the findings. `report.advice` has the advice alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from mosim_gym.data.lag import Lag, command_lag
from mosim_gym.data.log_coverage import touching, used_actuators, visited_joints
from mosim_gym.data.log_findings import Finding
from mosim_gym.data.log_quality import lag_of_commands, outliers, repeats, units, velocity_noise
from mosim_gym.data.log_rate import as_logged, rate
from mosim_gym.data.logs import Logs

FEW_SECONDS = 60.0


@dataclass(frozen=True)
class Report:
    """All findings, and the lag between command and motion where there are actuators and enough rows."""

    findings: tuple[Finding, ...]
    lag: Lag | None

    @property
    def advice(self) -> tuple[str, ...]:
        """What to do, a sentence each."""
        return tuple(finding.advice for finding in self.findings if finding.advice)

    def __str__(self) -> str:
        width = max(len(finding.about) for finding in self.findings)
        lines = []
        for finding in self.findings:
            lines.append(f"{finding.about:<{width}}  {finding.found}")
            if finding.advice:
                lines.append(f"{'':<{width}}  → {finding.advice}")
        return "\n".join(lines)


def report(logs: Logs) -> Report:
    """The findings in `logs`; takes some seconds for each million rows."""
    measured = as_logged(logs)
    lag = command_lag(measured)
    resampled = rate(logs)
    findings = (
        _size(logs),
        *([] if resampled is None else [resampled]),
        *(Finding("import", note) for note in logs.notes),
        units(logs),
        velocity_noise(measured),
        *([] if not logs.robot.nu else [lag_of_commands(measured, lag)]),
        *visited_joints(logs),
        *used_actuators(logs),
        *touching(logs),
        repeats(measured),
        outliers(measured),
    )
    return Report(findings, lag)


def _size(logs: Logs) -> Finding:
    lengths = logs.lengths * logs.control_step
    advice = ""
    if logs.seconds < FEW_SECONDS:
        advice = f"Record more: models of robots need minutes of motion, and these logs have {logs.seconds:.0f} s."
    elif len(logs) < 5:
        advice = "Record more segments, of different starts, so that whole segments can be held out for tests."
    return Finding(
        "motion",
        f"{len(logs)} segments of {lengths.min():.3g} to {lengths.max():.3g} s, {logs.seconds:.1f} s in all, {len(logs.qpos)} rows every "
        f"{1000 * logs.control_step:.4g} ms ({1 / logs.control_step:.4g} Hz)",
        advice,
    )
