"""Importers of logs: one file for each format, which turns a source into named columns."""

from mosim_gym.data.importers.base import IMPORTERS, Importer, Table, find_importer

__all__ = ["IMPORTERS", "Importer", "Table", "find_importer"]
