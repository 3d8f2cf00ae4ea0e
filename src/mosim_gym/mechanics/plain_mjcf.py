"""`plain_mjcf`: MJCF text of what moves in a model: inertias as numbers, no meshes, and motors in place of muscles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np

from mosim_gym.mechanics.colliding import is_static

if TYPE_CHECKING:
    import mujoco

ATTACHED = "attached"
"""The class of an attached model's defaults."""


def plain_mjcf(spec: mujoco.MjSpec, strength: float = 1.0) -> str:
    """The text of a self-contained MJCF file that moves as `spec` does, which is changed.

    - Masses and inertias are frozen as compiled. Then textures and materials are taken out, and what is fixed and no tendon needs: the
      ground, too. What is left of it touches nothing.
    - Meshes that move become capsules of about their size, to be looked at, and touch nothing.
    - A muscle becomes a motor that pulls with `strength` times the muscle's peak force at the control 1, and not at 0. Motors stay.
    """
    model: mujoco.MjModel = spec.compile()
    unused = _unused(spec, model)  # before anything is taken out, which changes the numbers of the rest
    _freeze_inertias(spec, model)
    _free_of_looks(spec, model)
    for number, actuator in enumerate(spec.actuators):
        if model.actuator_dyntype[number]:
            _make_motor(actuator, strength * _peak_force(model, number))
    for part in unused:
        spec.delete(part)
    for mesh in list(spec.meshes):
        spec.delete(mesh)
    while empty := list(_empty_bodies(spec)):
        for body in empty:
            spec.delete(body)
    spec.compile()
    return _without_files(spec.to_xml())


def _freeze_inertias(spec: mujoco.MjSpec, model: mujoco.MjModel) -> None:
    for body in spec.bodies:
        row = body.id
        if not row or not model.body_mass[row]:
            continue
        body.mass, body.inertia = float(model.body_mass[row]), model.body_inertia[row].copy()
        body.ipos, body.iquat = model.body_ipos[row].copy(), model.body_iquat[row].copy()
        body.fullinertia = [np.nan] * 6
        body.explicitinertial = True


def _free_of_looks(spec: mujoco.MjSpec, model: mujoco.MjModel) -> None:
    """Take out all that only shows, put capsules in place of meshes that move, and let what is fixed touch nothing."""
    import mujoco

    fixed, mesh = is_static(model), mujoco.mjtGeom.mjGEOM_MESH
    bones = [geom for geom in spec.geoms if geom.type == mesh and not fixed[geom.id]]
    for geom in spec.geoms:
        geom.material = ""
        if fixed[geom.id] or geom.type == mesh:
            geom.contype = geom.conaffinity = 0
    for geom in bones:
        geom.type = mujoco.mjtGeom.mjGEOM_CAPSULE
    fitted: mujoco.MjModel = spec.compile()
    for geom in bones:
        geom.meshname, geom.size = "", fitted.geom_size[geom.id].copy()
        geom.pos, geom.quat = fitted.geom_pos[geom.id].copy(), fitted.geom_quat[geom.id].copy()
        geom.alt.type = mujoco.mjtOrientation.mjORIENTATION_QUAT
    for part in (*spec.sites, *spec.tendons):
        part.material = ""
    for pair in list(spec.pairs):
        spec.delete(pair)
    for part in (*spec.keys, *spec.cameras, *spec.lights, *spec.skins, *spec.materials, *spec.textures):
        spec.delete(part)


def _peak_force(model: mujoco.MjModel, actuator: int) -> float:
    """The peak force of a muscle, N: the one given, or its scale by the acceleration that a unit of force causes."""
    force, scale = model.actuator_gainprm[actuator, 2:4]
    return float(force if force > 0 else scale / model.actuator_acc0[actuator])


def _make_motor(actuator: mujoco.MjsActuator, force: float) -> None:
    """Let an actuator pull with `force` times its control in [0, 1]: its gear says how strongly, and that it shortens what it moves."""
    import mujoco

    actuator.dyntype, actuator.dynprm = mujoco.mjtDyn.mjDYN_NONE, [1, *[0] * 9]
    actuator.gaintype, actuator.gainprm = mujoco.mjtGain.mjGAIN_FIXED, [1, *[0] * 9]
    actuator.biastype, actuator.biasprm = mujoco.mjtBias.mjBIAS_NONE, [0] * 10
    actuator.gear = [-force, *[0] * 5]
    actuator.ctrllimited, actuator.ctrlrange = True, [0, 1]
    actuator.actlimited, actuator.actdim, actuator.actrange = False, -1, [0, 0]


def _unused(spec: mujoco.MjSpec, model: mujoco.MjModel) -> list[mujoco.MjsSite | mujoco.MjsGeom]:
    """Fixed sites and geoms through or around which no tendon goes, and on whose side none stays."""
    import mujoco

    kinds, wrapped = mujoco.mjtWrap, model.wrap_type
    bent = (wrapped == kinds.mjWRAP_SPHERE) | (wrapped == kinds.mjWRAP_CYLINDER)
    sites = {int(row) for row in model.wrap_objid[wrapped == kinds.mjWRAP_SITE]}
    sites |= {round(float(row)) for row in model.wrap_prm[bent]}
    geoms = {int(row) for row in model.wrap_objid[bent]}
    fixed = model.body_weldid == 0
    idle: list[mujoco.MjsSite | mujoco.MjsGeom] = []
    idle += [site for site in spec.sites if fixed[model.site_bodyid[site.id]] and site.id not in sites]
    idle += [geom for geom in spec.geoms if fixed[model.geom_bodyid[geom.id]] and geom.id not in geoms]
    return idle


def _empty_bodies(spec: mujoco.MjSpec) -> Iterator[mujoco.MjsBody]:
    """Fixed bodies without parts."""

    def walk(body: mujoco.MjsBody) -> Iterator[mujoco.MjsBody]:
        for child in body.bodies:
            if child.joints:
                continue
            if child.bodies or child.geoms or child.sites:
                yield from walk(child)
            else:
                yield child

    yield from walk(spec.worldbody)


def _without_files(xml: str) -> str:
    """`xml` without materials, without contacts of the world, and without the folders of files that it does not read.

    MuJoCo writes the defaults of an attached model as a class without a name, and calls them `main` where they are used.
    """
    root = ElementTree.fromstring(xml)
    nameless = [default for default in root.findall("default/default") if "class" not in default.attrib]
    for default in nameless:
        default.set("class", ATTACHED)
    for geom in root.findall("worldbody/geom"):
        geom.attrib |= {"contype": "0", "conaffinity": "0"}
    for element in root.iter():
        for name in ("class", "childclass") if nameless else ():
            if element.get(name) == "main":
                element.set(name, ATTACHED)
        for name in ("material", "meshdir", "texturedir", "assetdir"):
            element.attrib.pop(name, None)
    return ElementTree.tostring(root, encoding="unicode")


def spec_of_file(path: Path) -> mujoco.MjSpec:
    """The model in the MJCF file at `path`, which can be changed."""
    import mujoco

    return mujoco.MjSpec.from_file(str(path))
