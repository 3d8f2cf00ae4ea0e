"""The tables of the MoSim paper (arXiv 2504.07095), one file for each study: a study is measured cell by cell, and one command runs it."""
