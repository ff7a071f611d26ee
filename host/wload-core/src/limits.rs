//! Every limit of wload: name, default, reason.
//!
//! Upstream: nothing. Downstream: whoever owns a queue, a table or a body. A limit that a person
//! may want to change is a field of [`Limits`] and a row of [`named::NAMED_LIMITS`]; a limit that only
//! protects us is a constant.

pub mod named;

use std::time::Duration;

/// Every limit that a person may set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Loading a scenario.
    pub load: LoadLimits,
    /// One user's guest.
    pub guest: GuestLimits,
    /// The instances that users take turns in.
    pub instances: InstanceLimits,
    /// One HTTP exchange.
    pub http: HttpLimits,
    /// The tables of a run.
    pub statistics: StatisticsLimits,
}

/// Bytes of a request name; longer ones are cut.
pub const REQUEST_NAME_BYTES_MAX: usize = 1_024;
/// Bytes of a request type; longer ones are cut.
pub const REQUEST_METHOD_BYTES_MAX: usize = 256;
/// Prepared requests that the users of a core share; further ones are each user's own.
pub const PREPARED_SHARED_MAX: usize = 4_096;
/// Bytes of URL and headers of one of them; longer ones are each user's own, so that all of them take at most
/// some 16 MiB.
pub const PREPARED_SHARED_BYTES_MAX: usize = 4_096;
/// Name of the row that takes what is over a limit of [`StatisticsLimits`].
pub const OVERFLOW_NAME: &str = "(other)";
/// Bytes of a failure or exception message; longer ones are cut.
pub const MESSAGE_BYTES_MAX: usize = 2_048;
/// Bytes of an exception's trace; longer ones are cut.
pub const TRACE_BYTES_MAX: usize = 16_384;
/// Smallest magnitude that a trend tells from 0, about 1e-9. With [`TREND_MAGNITUDE_MAX`] it bounds
/// the buckets of one trend to some 20,000.
pub const TREND_MAGNITUDE_MIN: f64 = 1.0 / (1_u64 << 30) as f64;
/// Largest magnitude that a trend tells apart, about 1e15; larger ones count as this.
pub const TREND_MAGNITUDE_MAX: f64 = (1_u64 << 50) as f64;
/// Seconds for which per-second counts are kept: two hours.
pub const SECONDS_KEPT: u64 = 7_200;
/// Longest response time that the histogram tells apart: one hour; longer ones count as this.
pub const RESPONSE_TIME_MAX: Duration = Duration::from_secs(3_600);

/// Names of user classes in one answer of a load shape.
pub const SHAPE_CLASSES_MAX: usize = 1_000;
/// Depth of a task tree.
pub const TASK_DEPTH_MAX: usize = 64;
/// Bytes of a declared name: of a user class, node, tag, option, choice or table. It is a column in
/// every table that is printed.
pub const DECLARED_NAME_BYTES_MAX: usize = 256;
/// Bytes of other declared text: help, default value, base URL, path.
pub const DECLARED_TEXT_BYTES_MAX: usize = 4_096;
/// Tags of one node.
pub const NODE_TAGS_MAX: usize = 100;
/// Weight of a user class. Beyond it dispatch could not tell one user more from none.
pub const CLASS_WEIGHT_MAX: f64 = 1e9;
/// Flags of one option.
pub const OPTION_FLAGS_MAX: usize = 16;
/// Options of a scenario.
pub const OPTIONS_MAX: usize = 1_000;
/// Choices of one option.
pub const OPTION_CHOICES_MAX: usize = 1_000;
/// Problems of one `describe` that are listed; more are counted.
pub const DESCRIBE_PROBLEMS_MAX: usize = 100;
/// Tables of a scenario.
pub const TABLES_MAX: usize = 100;
/// Bytes of one table's file.
pub const TABLE_BYTES_MAX: u64 = 256 << 20;
/// Users of one process; the pool of instances cannot be larger.
pub const USERS_MAX: u32 = 1_000_000;
/// Threads that run users; more than any machine has cores.
pub const CORES_MAX: u16 = 1_024;
/// Longest wait between two tasks: a day; longer ones are cut.
pub const WAIT_MAX: Duration = Duration::from_secs(86_400);

/// Bytes of one log line; longer ones are cut.
pub const LOG_LINE_BYTES_MAX: usize = 4_096;
/// Events that wait for a front end; when it is full, ticks are left out.
pub const EVENT_QUEUE_LEN: usize = 1_024;
/// Events that wait for one reporter; when it is full, the oldest tick makes room. A minute.
pub const REPORTER_INBOX_LEN: usize = 64;
/// How long requests on the wire may take to end after a stop without stop timeout. Locust cuts
/// them at once, and then its counts and the target's differ.
pub const WIRE_GRACE: Duration = Duration::from_secs(1);
/// How often a user that is being stopped may ask for something that is refused before it is
/// dropped.
pub const STOPPING_REFUSALS_MAX: u32 = 100;

/// Bytes of a request's path and query, values filled in. Servers stop at 8 to 64 KiB.
pub const REQUEST_PATH_BYTES_MAX: usize = 32 << 10;
/// Header fields of one request, default headers included.
pub const REQUEST_HEADERS_MAX: usize = 256;
/// Bytes of name, value, domain and path of one cookie; larger ones are ignored, as browsers do.
pub const COOKIE_BYTES_MAX: usize = 4_096;
/// Host names in the cache of one core.
pub const DNS_NAMES_MAX: usize = 1_000;
/// How long an answer of the name service is used again.
pub const DNS_TTL: Duration = Duration::from_secs(60);
/// How long a failure of the name service is used again, so that ten thousand users who start at
/// once do not queue up for the same failure.
pub const DNS_FAILURE_TTL: Duration = Duration::from_secs(1);
/// Bytes that are reserved for a response body because its head announces them; what is longer
/// grows as it arrives, so that a lying head costs no memory.
pub const BODY_RESERVE_BYTES_MAX: usize = 256 << 10;
/// Codings of one response body, one over the other. Nobody sends more than two; each costs a decoder.
pub const BODY_CODINGS_MAX: usize = 5;
/// Window of a zstd frame, bytes. RFC 9659: no decoder of HTTP has to offer more.
pub const ZSTD_WINDOW_BYTES_MAX: u64 = 8 << 20;
/// Bytes of a streamed request body. A terabyte: more would be a mistake, not a test.
pub const UPLOAD_BYTES_MAX: u64 = 1 << 40;
/// Parts of a streamed request body.
pub const UPLOAD_PARTS_MAX: usize = 10_000;
/// Bytes of a streamed request body that are made at a time: what a socket takes at once.
pub const UPLOAD_CHUNK_BYTES: usize = 64 << 10;
/// Lines of the trace of one exchange.
pub const TRACE_LINES_MAX: usize = 1_000;
/// Bytes of one line of a trace; longer ones are cut.
pub const TRACE_LINE_BYTES_MAX: usize = 4_096;
/// Bytes of a proxy's answer to `CONNECT`: a head and, from some, a page that says why not.
pub const PROXY_ANSWER_BYTES_MAX: usize = 16 << 10;
/// How long an address is tried before the next one is tried, too (RFC 8305, 5).
pub const CONNECT_ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// Addresses of one name that are tried.
pub const CONNECT_ADDRESSES_MAX: usize = 20;
/// TLS sessions that one user remembers, each of a few KiB.
pub const TLS_SESSIONS_MAX: usize = 8;
/// Different TLS settings that the users of a scenario may have on a core. Each holds its authorities, some 100 KiB
/// with those of a machine; a scenario has two or three.
pub const TLS_CHOICES_MAX: usize = 32;
/// How often a request is sent again because the server cannot have acted on it. Servers that refuse
/// again and again are not asked for ever.
pub const REPEATS_MAX: u32 = 3;
/// Bytes that a server may send on a connection, beyond one head and one window of a body, without
/// anything of a response among them: interim responses, settings, pings. Nobody needs a tenth of it.
pub const UNCLAIMED_BYTES_MAX: usize = 4 << 20;

/// Bytes of the buffer that a response over HTTP/1.1 is read into: what a fast target has ready at once.
/// The buffer is in use only while bytes are looked at, so that its size is no matter of users.
pub const READ_BUFFER_BYTES: usize = 64 << 10;
/// Buffers of each kind that a core keeps for its next exchanges. One is enough for exchanges that take turns;
/// more are out only while uploads wait or guests read responses piece by piece.
pub const BUFFERS_KEPT_MAX: usize = 4;
/// Bytes of half a head that an exchange keeps in a place of its own while it waits for the rest; more
/// keep their buffer, because moving them again and again would cost more than it saves.
pub const PARTIAL_HEAD_BYTES_MAX: usize = 4 << 10;
/// Bytes of a request body that are copied behind the head, so that both leave in one piece. What is
/// larger leaves from where it is.
pub const BODY_COPY_BYTES_MAX: usize = 16 << 10;
/// Bytes of all chunk extensions of one response body.
pub const CHUNK_EXTENSIONS_BYTES_MAX: usize = 16 << 10;

/// Limits of one user's guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestLimits {
    /// Linear memory of one user, bytes.
    pub memory_bytes_max: usize,
    /// Elements of one table.
    pub table_elements_max: usize,
    /// Time that one call may compute without suspending; then it is an exception.
    pub compute_time_max: Duration,
    /// Stack of a guest call, bytes.
    pub stack_bytes_max: usize,
    /// Time of one tick of a load shape, waiting included. Users do not wait for it, but their
    /// statistics and the end of the run do.
    pub shape_time_max: Duration,
    /// Time of one call of a hook, waiting included: long enough to fill a shop with goods.
    pub hook_time_max: Duration,
    /// Bytes that a guest hands over in one call. A little more than the body of a request may have.
    pub call_bytes_max: usize,
    /// Open exchanges of one user; opening one more traps.
    pub exchanges_open_max: usize,
    /// Prepared requests of one user; one more traps.
    pub templates_max: usize,
    /// Bytes of all prepared requests of one user; preparing more traps.
    pub template_bytes_max: usize,
    /// Bytes of all bodies of responses that a user holds; holding more traps.
    pub held_body_bytes_max: u64,
    /// Handles of other kinds that a user holds: metrics, tables, streams; one more traps.
    pub handles_open_max: usize,
    /// Bytes that hooks leave for all users; each instance reads them once.
    pub run_state_bytes_max: usize,
    /// Log lines of one user per second; more are counted and dropped.
    pub log_lines_per_second_max: u32,
}

impl Default for GuestLimits {
    fn default() -> Self {
        Self {
            memory_bytes_max: 64 << 20,
            table_elements_max: 20_000,
            compute_time_max: Duration::from_secs(2),
            stack_bytes_max: 512 << 10,
            shape_time_max: Duration::from_secs(5),
            hook_time_max: Duration::from_secs(300),
            call_bytes_max: 72 << 20,
            exchanges_open_max: 1_000,
            templates_max: 1_000,
            template_bytes_max: 4 << 20,
            held_body_bytes_max: 128 << 20,
            handles_open_max: 10_000,
            run_state_bytes_max: 16 << 20,
            log_lines_per_second_max: 20,
        }
    }
}

/// Limits of the instances that users take turns in, and of users that wait without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstanceLimits {
    /// Instances that are kept for users that can be saved, in all cores together. More are made when
    /// more tasks are under way, and go when these end.
    pub kept_max: u32,
    /// Bytes that the process may take for instances, with 16 KiB more for each user: beyond it none is
    /// made while another one can be taken over.
    pub kept_bytes_max: usize,
    /// Bytes of one saved user; what is larger is not saved. A hundred times what users have.
    pub saved_bytes_max: usize,
    /// Bytes by which the memory of an instance may have grown when another user takes it over.
    pub growth_bytes_max: usize,
    /// Bytes of what users keep beside their states, equal values counted once; more goes into the states.
    pub kept_values_bytes_max: usize,
}

impl Default for InstanceLimits {
    fn default() -> Self {
        // Ten thousand Rust users take 0.5 GB for their instances, and as many memory maps as a process usually
        // may have: a run of them pays nothing for saving. Of Python it is some hundreds.
        Self {
            kept_max: INSTANCES_GROWN_MAX,
            kept_bytes_max: 640 << 20,
            saved_bytes_max: 1 << 20,
            growth_bytes_max: 4 << 20,
            kept_values_bytes_max: 256 << 20,
        }
    }
}

/// Values that one user keeps beside its state. A user has a few tables, if any.
pub const KEPT_VALUES_PER_USER_MAX: usize = 1_000;
/// How many times `InstanceLimits::kept_max` instances there may be while tasks are under way, up to
/// [`INSTANCES_GROWN_MAX`]; beyond it they wait for one another. Places cost address space and memory maps.
pub const INSTANCES_GROWTH_MAX: u32 = 10;
/// Instances up to which a pool grows by itself: each takes six memory maps, of which a process usually
/// may have 65,530.
pub const INSTANCES_GROWN_MAX: u32 = 10_000;

/// Limits of loading a scenario: what nobody has read must not take the machine before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadLimits {
    /// Bytes of a component.
    pub component_bytes_max: u64,
    /// Time to compile it. Python's 18 MB take 20 s on two cores.
    pub compile_time_max: Duration,
    /// Address space of the process that compiles. Python's 18 MB take 1 GiB on two cores, and
    /// every thread reserves some more than it uses.
    pub compile_memory_bytes_max: u64,
    /// Time until a scenario has described itself, waiting included. Python's takes 0.2 s.
    pub describe_time_max: Duration,
    /// User classes that it declares.
    pub user_classes_max: usize,
    /// Nodes of all its task trees.
    pub task_nodes_max: usize,
}

impl Default for LoadLimits {
    fn default() -> Self {
        Self {
            component_bytes_max: 256 << 20,
            compile_time_max: Duration::from_secs(300),
            compile_memory_bytes_max: 8 << 30,
            describe_time_max: Duration::from_secs(10),
            user_classes_max: 1_000,
            task_nodes_max: 10_000,
        }
    }
}

/// Limits of the tables of a run; what is over goes to a row `(other)`, and nothing is lost but its
/// name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatisticsLimits {
    /// Distinct rows `(method, name)`. Ten thousand rows of histograms are some 100 MiB, and nobody
    /// reads a longer table.
    pub request_keys_max: usize,
    /// Rows of the failures table.
    pub failure_rows_max: usize,
    /// Rows of the exceptions table; each may have a long trace.
    pub exception_rows_max: usize,
    /// Custom metrics.
    pub metrics_max: usize,
}

impl Default for StatisticsLimits {
    fn default() -> Self {
        Self {
            request_keys_max: 10_000,
            failure_rows_max: 10_000,
            exception_rows_max: 1_000,
            metrics_max: 1_000,
        }
    }
}

impl StatisticsLimits {
    /// The larger of each.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            request_keys_max: self.request_keys_max.max(other.request_keys_max),
            failure_rows_max: self.failure_rows_max.max(other.failure_rows_max),
            exception_rows_max: self.exception_rows_max.max(other.exception_rows_max),
            metrics_max: self.metrics_max.max(other.metrics_max),
        }
    }
}

/// Limits of one HTTP exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// Name resolution, connecting and TLS together.
    pub connect_timeout: Duration,
    /// From the last byte of a request to the first byte of its response. `None`: only the total counts.
    pub first_byte_timeout: Option<Duration>,
    /// From one piece of a response to the next. `None`: only the total counts.
    pub between_bytes_timeout: Option<Duration>,
    /// A whole exchange, redirects included, unless the request says otherwise.
    pub total_timeout: Duration,
    /// Bytes of one response body after decoding.
    pub body_bytes_max: u64,
    /// Bytes of one request body.
    pub request_body_bytes_max: usize,
    /// Bytes of names and values of the headers that a scenario gives to a request. Servers stop at
    /// 8 to 64 KiB.
    pub request_header_bytes_max: usize,
    /// Bytes of the response's header block.
    pub header_bytes_max: usize,
    /// Fields of the response's header block (Locust: 100).
    pub header_fields_max: usize,
    /// Redirects that are followed unless the request says otherwise (Locust: 30).
    pub redirects_max: u32,
    /// Cookies of one user.
    pub cookies_max: usize,
    /// Idle connections of one user.
    pub idle_connections_max: usize,
    /// A connection that was idle for longer is not used again.
    pub idle_timeout: Duration,
    /// HTTP/1.1 connections of one user to one origin, when it sends requests in parallel.
    pub connections_per_origin_max: usize,
    /// Requests that one user sends in parallel with one call; each needs memory for its response.
    pub parallel_requests_max: usize,
    /// Bytes of one HTTP/2 response that may be on their way. It bounds what one stream costs when the
    /// target is faster than the user, and the speed on a long way: a window per round trip.
    pub http2_stream_window_bytes: u32,
    /// The same for all streams of one user's HTTP/2 connection together.
    pub http2_connection_window_bytes: u32,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: None,
            between_bytes_timeout: None,
            total_timeout: Duration::from_secs(60),
            body_bytes_max: 64 << 20,
            request_body_bytes_max: 64 << 20,
            request_header_bytes_max: 64 << 10,
            header_bytes_max: 256 << 10,
            header_fields_max: 100,
            redirects_max: 30,
            cookies_max: 300,
            idle_connections_max: 6,
            idle_timeout: Duration::from_secs(90),
            // What browsers open.
            connections_per_origin_max: 6,
            parallel_requests_max: 256,
            // With 50 ms of round trip 10 MB/s a stream; ten thousand users whose windows are all
            // full, which takes a target that outruns them, are 10 GiB.
            http2_stream_window_bytes: 512 << 10,
            http2_connection_window_bytes: 1 << 20,
        }
    }
}
