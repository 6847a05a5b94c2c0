//! The Kafka log: lanes, transactions, restore, topics.
