"""Datasets: extracted, mapped, checked and prepared."""
