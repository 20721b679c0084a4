"""Pure rules: ids, versions, ownership, pages, cursors, sweeps, budgets. No I/O, no clock."""
