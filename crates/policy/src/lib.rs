//! Priority, routes, deadlines, paths and evidence rules: written configuration compiled to decisions.
