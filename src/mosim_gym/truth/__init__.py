"""MuJoCo behind the interface of `Dynamics`, and dm_control as the reference. No simulator is imported before it is used."""
