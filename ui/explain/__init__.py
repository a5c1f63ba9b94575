"""Explanation cards, ledgers, audits: every number can be asked why."""
