"""World models of other kinds, one file each: recurrent, attentive, probabilistic and latent ones, to measure beside MoSim.

Each is a frozen configuration and a network. `LearnedModel` fits the network on windows of true motion and rolls it out.
"""
