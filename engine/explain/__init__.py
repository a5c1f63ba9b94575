"""What the window may ask about the numbers: cards, ledgers, audits. Questions and answers know no torch; what answers them does."""
