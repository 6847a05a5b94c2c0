//! Subject keys, observations, tasks, events, rejects, secrets: what every part of the line agrees on.
