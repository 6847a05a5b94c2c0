//! The store itself: opened once per process, shared by its lanes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use redb::backends::{FileBackend, InMemoryBackend};
use redb::{Builder, Database, ReadTransaction, ReadableDatabase, StorageBackend, WriteTransaction};
use reeve_domain::time::Timestamp;

use super::arrivals::Arrivals;
use super::directory;
use super::retention::Retention;
use super::rows::{self, Append, Cursor, Incoming, LEDGER_KEYS, META, OFFSETS, PROOFS, SHAPES};
use super::shapes::Shapes;
use super::write;
use crate::drive::Clock;
use crate::record::Record;
use crate::role::Role;
use crate::topic::Topic;
use crate::traits::{BatchLimits, LogError};

const FORMAT: i32 = 1;
const CACHE_BYTES: usize = 64 * 1024 * 1024;
const SWEEP_EVERY: Duration = Duration::from_secs(60);
const SWEEP_BYTES: u64 = 64 * 1024 * 1024;

/// How a store is opened.
#[derive(Clone)]
pub struct Settings {
    /// Partitions of every topic (> 0), fixed when the store is made.
    pub partitions: i32,
    /// What is kept of topics that only grow.
    pub retention: Retention,
    /// The time that appended records get.
    pub clock: Clock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            partitions: 6,
            retention: Retention::default(),
            clock: Arc::new(system_time),
        }
    }
}

/// A handle to the open store; clones share it. It is closed when the last one goes.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    database: Database,
    settings: Settings,
    writer: Mutex<Writer>,
    arrivals: Arrivals,
}

/// What only the one who writes may touch.
struct Writer {
    shapes: Shapes,
    owners: BTreeMap<Role, u64>,
    swept: Option<Timestamp>,
    unswept_bytes: u64,
}

impl Store {
    /// Opens the store in `directory`, or makes it there: private to its owner (0700).
    ///
    /// # Errors
    /// `Setup`: the directory is open to others, held by another process or of another partition count;
    /// `Unavailable`: the disk.
    pub fn open(directory: &Path, settings: Settings) -> Result<Self, LogError> {
        directory::prepare(directory)?;
        let file = directory::file(directory)?;
        Self::found(builder().create_with_backend(FileBackend::new(file)?)?, settings)
    }

    /// A store that is gone with its last handle.
    ///
    /// # Errors
    /// None that a sound process meets.
    pub fn in_memory(settings: Settings) -> Result<Self, LogError> {
        Self::on(InMemoryBackend::new(), settings)
    }

    /// A store on any backend: a simulated disk that fails, for instance.
    ///
    /// # Errors
    /// What the backend refuses; a store of another partition count.
    pub fn on(backend: impl StorageBackend, settings: Settings) -> Result<Self, LogError> {
        Self::found(builder().create_with_backend(backend)?, settings)
    }

    fn found(database: Database, settings: Settings) -> Result<Self, LogError> {
        if settings.partitions <= 0 {
            return Err(LogError::Setup("a topic needs at least one partition".into()));
        }
        let shapes = Shapes::load(
            &opened(&database, settings.partitions)?.open_table(SHAPES)?,
            settings.partitions,
        )?;
        let arrivals = Arrivals::new(shapes.ends());
        let writer = Writer {
            shapes,
            owners: BTreeMap::new(),
            swept: None,
            unswept_bytes: 0,
        };
        Ok(Self(Arc::new(Inner {
            database,
            settings,
            writer: Mutex::new(writer),
            arrivals,
        })))
    }

    /// Partitions of every topic.
    pub fn partitions(&self) -> i32 {
        self.0.settings.partitions
    }

    /// Appends records from outside the line, all or none; where each came to lie (partition, offset).
    ///
    /// # Errors
    /// `Setup`: to the ledger, which only the dispatcher writes; `Unavailable`: the disk.
    pub fn append(&self, topic: Topic, records: &[Incoming]) -> Result<Vec<(i32, i64)>, LogError> {
        if topic == Topic::Ledger {
            return Err(LogError::Setup("only the dispatcher writes the ledger".into()));
        }
        let frame = (self.partitions(), self.now());
        let places = self.write(|transaction, shapes, _| {
            let records = records.iter().map(Append::from);
            write::append(transaction, shapes, (topic, records), frame).map(Some)
        })?;
        Ok(places.unwrap_or_default())
    }

    /// Reads on from `cursors` within `limits`, in their order, and moves them; empty when `limits.wait` has passed
    /// and nothing came.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn read(&self, cursors: &mut [Cursor], limits: &BatchLimits) -> Result<Vec<Record>, LogError> {
        if !self.0.arrivals.wait(cursors, limits.wait) {
            return Ok(Vec::new());
        }
        let transaction = self.begin_read()?;
        let shapes = Shapes::load(&transaction.open_table(SHAPES)?, self.partitions())?;
        let mut batch = Batch {
            records: Vec::new(),
            bytes: 0,
            limits,
        };
        for cursor in cursors.iter_mut() {
            let end = shapes.get(cursor.topic, cursor.partition).next;
            if cursor.position < end && !batch.is_full() {
                batch.fill(&transaction, cursor, end)?;
            }
        }
        Ok(batch.records)
    }

    /// The last ledger record of `key`, in whichever partition it lies.
    ///
    /// # Errors
    /// What the store cannot read.
    pub fn ledger(&self, key: &[u8]) -> Result<Option<Record>, LogError> {
        let transaction = self.begin_read()?;
        let keys = transaction.open_table(LEDGER_KEYS)?;
        let rows = transaction.open_table(rows::of(Topic::Ledger))?;
        for partition in 0..self.partitions() {
            if let Some(offset) = keys.get((partition, key))? {
                let place = (partition, offset.value());
                let row = rows.get(place)?;
                return row
                    .map(|row| rows::decode(Topic::Ledger, place, row.value()))
                    .transpose();
            }
        }
        Ok(None)
    }

    /// Records from the cursor to the end of its partition.
    pub fn left(&self, cursor: &Cursor) -> i64 {
        self.0.arrivals.left(cursor)
    }

    pub(super) fn begin_read(&self) -> Result<ReadTransaction, LogError> {
        Ok(self.0.database.begin_read()?)
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.0.settings.clock)()
    }

    /// Makes a new owner of `role`; the one before is fenced from now on.
    pub(super) fn take_over(&self, role: Role) -> u64 {
        let mut writer = self.writer();
        let owner = writer.owners.entry(role).or_insert(0);
        *owner += 1;
        *owner
    }

    /// One durable transaction: what `change` does if it gives something, nothing at all if it gives nothing or fails.
    pub(super) fn write<T>(
        &self,
        change: impl FnOnce(&WriteTransaction, &mut Shapes, &BTreeMap<Role, u64>) -> Result<Option<T>, LogError>,
    ) -> Result<Option<T>, LogError> {
        let mut writer = self.writer();
        let transaction = self.0.database.begin_write()?;
        let mut shapes = writer.shapes.clone();
        let Some(given) = change(&transaction, &mut shapes, &writer.owners)? else {
            transaction.abort()?;
            return Ok(None);
        };
        shapes.save(&writer.shapes, &transaction)?;
        transaction.commit()?;
        writer.unswept_bytes += shapes.grown_since(&writer.shapes);
        self.0.arrivals.publish(shapes.ends());
        writer.shapes = shapes;
        Ok(Some(given))
    }

    /// Drops what is past its retention, once in a while.
    pub(super) fn sweep_if_due(&self) -> Result<(), LogError> {
        let now = self.now();
        let mut writer = self.writer();
        let rested = |swept: Timestamp| now.millis() - swept.millis() < SWEEP_EVERY.as_millis() as i64;
        if writer.unswept_bytes < SWEEP_BYTES && writer.swept.is_some_and(rested) {
            return Ok(());
        }
        writer.swept = Some(now);
        writer.unswept_bytes = 0;
        drop(writer);
        self.sweep(now)
    }

    /// Drops what is past its retention at `now`.
    ///
    /// # Errors
    /// `Unavailable`: the disk.
    pub fn sweep(&self, now: Timestamp) -> Result<(), LogError> {
        let retention = self.0.settings.retention;
        self.write(|transaction, shapes, _| {
            let before = shapes.clone();
            retention.sweep(transaction, shapes, self.partitions(), now)?;
            Ok((*shapes != before).then_some(()))
        })?;
        Ok(())
    }

    /// The lock guards the one writer; what it holds changes only after a commit, so a panic elsewhere leaves it whole.
    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.0.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A batch being filled.
struct Batch<'a> {
    records: Vec<Record>,
    bytes: usize,
    limits: &'a BatchLimits,
}

impl Batch<'_> {
    fn is_full(&self) -> bool {
        self.records.len() >= self.limits.records_max.max(1) || self.bytes >= self.limits.bytes_max.max(1)
    }

    /// Takes rows from the cursor towards `end`. Where rows are gone (compacted) the cursor steps over them.
    fn fill(&mut self, transaction: &ReadTransaction, cursor: &mut Cursor, end: i64) -> Result<(), LogError> {
        let Cursor {
            topic,
            partition,
            position,
        } = *cursor;
        let rows = transaction.open_table(rows::of(topic))?;
        for row in rows.range((partition, position)..(partition, end))? {
            if self.is_full() {
                return Ok(());
            }
            let (place, row) = row?;
            let record = rows::decode(topic, place.value(), row.value())?;
            self.bytes += record.value.as_ref().map_or(0, bytes::Bytes::len);
            cursor.position = record.offset + 1;
            self.records.push(record);
        }
        cursor.position = end;
        Ok(())
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// A reader of the database, whose tables exist and are as this version and `partitions` want them.
fn opened(database: &Database, partitions: i32) -> Result<ReadTransaction, LogError> {
    let made = database.begin_read()?.list_tables()?.next().is_some();
    if !made {
        make(database, partitions)?;
    }
    let transaction = database.begin_read()?;
    let meta = transaction.open_table(META)?;
    let number =
        |name: &str| -> Result<i32, LogError> { Ok(meta.get(name)?.map_or(0, |number| number.value())) };
    let (format, fixed) = (number("format")?, number("partitions")?);
    if format != FORMAT {
        return Err(LogError::Setup(format!(
            "the data directory is of format {format}, this reeve knows {FORMAT}; run the version that made it"
        )));
    }
    if fixed != partitions {
        return Err(LogError::Setup(format!(
            "the data directory was made with {fixed} partitions, the configuration says {partitions}; \
             the number is fixed: set it back to {fixed}, or use another directory"
        )));
    }
    Ok(transaction)
}

fn make(database: &Database, partitions: i32) -> Result<(), LogError> {
    let transaction = database.begin_write()?;
    {
        let mut meta = transaction.open_table(META)?;
        meta.insert("format", FORMAT)?;
        meta.insert("partitions", partitions)?;
        transaction.open_table(SHAPES)?;
        transaction.open_table(OFFSETS)?;
        transaction.open_table(PROOFS)?;
        transaction.open_table(LEDGER_KEYS)?;
        for topic in Topic::ALL {
            transaction.open_table(rows::of(topic))?;
        }
    }
    Ok(transaction.commit()?)
}

fn system_time() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
