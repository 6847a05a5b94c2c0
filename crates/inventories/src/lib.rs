//! Inventory clients: cached, limited, deadline-bound look-ups of ownership and dependencies.
