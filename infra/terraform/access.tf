# Who may do what to which resource, and why: the only place where a function
# or a worker is given anything. docs/access.md is generated from this table;
# iam.tf turns it into grants.
#
# on: documents, logs, costs, <bucket>:<prefix>, topic:<name>, job:<name>,
#     jobs (of every engine and size), steps (the jobs of long steps), secret:<name>, itself
locals {
  access = {
    extract = [
      { on = "documents", may = "change", why = "keeps the dataset, its query and its end" },
      { on = "data:datasets/", may = "keep", why = "writes the dataset, in a resumable upload" },
      { on = "data:batches/", may = "read", why = "reads a request too large for a message" },
      { on = "topic:dataset.requested", may = "publish", why = "asks again for what is not ready" },
      { on = "topic:experiment.changed", may = "publish", why = "announces experiments whose data failed" },
      { on = "topic:training.requested", may = "publish", why = "asks for the data of experiments that go on" },
      { on = "job:extract", may = "start", why = "hands long queries to the job" },
      { on = "secret:snowflake-key", may = "use", why = "signs in to Snowflake" },
      { on = "secret:snowflake-key-passphrase", may = "use", why = "opens an encrypted key" },
      { on = "secret:snowflake-password", may = "use", why = "signs in where there is no key" },
    ]
    extract-job = [
      { on = "documents", may = "change", why = "keeps the dataset, its progress and its end" },
      { on = "data:datasets/", may = "keep", why = "writes the dataset" },
      { on = "topic:experiment.changed", may = "publish", why = "announces experiments whose data failed" },
      { on = "topic:training.requested", may = "publish", why = "asks for the data of experiments that go on" },
      { on = "secret:snowflake-key", may = "use", why = "signs in to Snowflake" },
      { on = "secret:snowflake-key-passphrase", may = "use", why = "opens an encrypted key" },
      { on = "secret:snowflake-password", may = "use", why = "signs in where there is no key" },
    ]
    ingest = [
      { on = "documents", may = "change", why = "keeps the dataset and its end" },
      { on = "uploads:", may = "read", why = "reads what a person dropped" },
      { on = "data:datasets/", may = "keep", why = "writes the dataset" },
      { on = "job:ingest", may = "start", why = "hands large files to the job" },
    ]
    ingest-job = [
      { on = "documents", may = "change", why = "keeps the dataset, its progress and its end" },
      { on = "uploads:", may = "read", why = "reads what a person dropped" },
      { on = "data:datasets/", may = "keep", why = "writes the dataset" },
    ]
    prepare = [
      { on = "documents", may = "change", why = "frees what waited for the data" },
      { on = "data:datasets/", may = "read", why = "reads the dataset" },
      { on = "data:metadata/", may = "read", why = "reads the mapping" },
      { on = "data:annotations/", may = "read", why = "joins annotations by date" },
      { on = "data:training-data/", may = "keep", why = "writes the training data and its report" },
      { on = "data:robyn/", may = "create", why = "freezes configurations" },
      { on = "data:robyn/", may = "read", why = "reads what an earlier try froze" },
      { on = "topic:experiment.changed", may = "publish", why = "announces experiments that go on" },
      { on = "topic:queue.changed", may = "publish", why = "wakes launch" },
      { on = "topic:training.prepared", may = "publish", why = "asks for the experiments of the data" },
      { on = "topic:training.requested", may = "publish", why = "asks for rows prepared in an experiment's own way" },
      { on = "topic:experiment.requested", may = "publish", why = "starts standing experiments" },
      { on = "job:prepare", may = "start", why = "hands large data to the job" },
    ]
    prepare-job = [
      { on = "documents", may = "change", why = "frees what waited for the data" },
      { on = "data:datasets/", may = "read", why = "reads the dataset" },
      { on = "data:metadata/", may = "read", why = "reads the mapping" },
      { on = "data:annotations/", may = "read", why = "joins annotations by date" },
      { on = "data:training-data/", may = "keep", why = "writes the training data and its report" },
      { on = "data:robyn/", may = "create", why = "freezes configurations" },
      { on = "data:robyn/", may = "read", why = "reads what an earlier try froze" },
      { on = "topic:experiment.changed", may = "publish", why = "announces experiments that go on" },
      { on = "topic:queue.changed", may = "publish", why = "wakes launch" },
      { on = "topic:training.prepared", may = "publish", why = "asks for the experiments of the data" },
      { on = "topic:training.requested", may = "publish", why = "asks for rows prepared in an experiment's own way" },
      { on = "topic:experiment.requested", may = "publish", why = "starts standing experiments" },
    ]
    enqueue = [
      { on = "documents", may = "change", why = "makes the experiments" },
      { on = "data:batches/", may = "keep", why = "keeps the manifest of a large batch" },
      { on = "data:training-data/", may = "read", why = "reads what a configuration freezes" },
      { on = "data:robyn/", may = "create", why = "freezes configurations" },
      { on = "data:robyn/", may = "read", why = "reads what an earlier try froze" },
      { on = "topic:experiment.changed", may = "publish", why = "announces the experiments" },
      { on = "topic:queue.changed", may = "publish", why = "wakes launch" },
      { on = "topic:batch.continued", may = "publish", why = "makes a large batch in chunks" },
      { on = "topic:dataset.requested", may = "publish", why = "asks for the data that an experiment names" },
      { on = "topic:training.prepared", may = "publish", why = "goes on with many experiments in chunks" },
      { on = "topic:training.requested", may = "publish", why = "asks for rows prepared in an experiment's own way" },
    ]
    launch = [
      { on = "documents", may = "change", why = "takes slots" },
      { on = "jobs", may = "start", why = "starts training" },
      { on = "data:robyn/", may = "keep", why = "fences a start that nobody heard of" },
      { on = "topic:experiment.changed", may = "publish", why = "announces the start" },
      { on = "topic:queue.changed", may = "publish", why = "wakes itself for what is left" },
    ]
    collect = [
      { on = "documents", may = "change", why = "ends the experiment, frees its slot, chooses the champion" },
      { on = "data:signals/", may = "read", why = "reads what a worker said" },
      { on = "data:robyn/", may = "keep", why = "reads the result; fences attempts" },
      { on = "data:models/", may = "keep", why = "renders leaderboard and champion" },
      { on = "topic:experiment.changed", may = "publish", why = "announces the end" },
      { on = "topic:champion.changed", may = "publish", why = "announces a champion" },
      { on = "topic:queue.changed", may = "publish", why = "wakes launch: a slot is free" },
    ]
    rank = [
      { on = "documents", may = "change", why = "chooses champions by a new rule" },
      { on = "data:robyn/", may = "read", why = "reads results" },
      { on = "data:models/", may = "keep", why = "renders leaderboard and champion" },
      { on = "topic:champion.changed", may = "publish", why = "announces a champion" },
    ]
    tally = [
      { on = "documents", may = "change", why = "counts a batch and ends it" },
      { on = "topic:batch.changed", may = "publish", why = "announces the end of a batch" },
    ]
    notify = [
      { on = "documents", may = "change", why = "keeps what was told to whom" },
      { on = "topic:notification.due", may = "publish", why = "tells each target on its own" },
    ]
    reconcile = [
      { on = "data:datasets/", may = "read", why = "sees whether a step that ended had done its work" },
      { on = "documents", may = "change", why = "gives a dead attempt up" },
      { on = "data:signals/", may = "read", why = "lists what the attempt said" },
      { on = "data:robyn/", may = "keep", why = "fences the attempt" },
      { on = "data:models/", may = "keep", why = "hears a result that was overtaken" },
      { on = "jobs", may = "look", why = "reads the execution that ended" },
      { on = "steps", may = "look", why = "reads the execution that ended" },
      { on = "steps", may = "start", why = "starts a step again" },
      { on = "topic:experiment.changed", may = "publish", why = "announces what became of it" },
      { on = "topic:champion.changed", may = "publish", why = "announces a champion" },
      { on = "topic:queue.changed", may = "publish", why = "wakes launch: a slot is free" },
    ]
    sweep = [
      { on = "documents", may = "change", why = "looks after what any lost event left behind" },
      { on = "uploads:", may = "read", why = "finds uploads that nobody was told of" },
      { on = "data:datasets/", may = "read", why = "finds datasets that nobody was told of" },
      { on = "data:metadata/", may = "read", why = "finds mappings that nobody was told of" },
      { on = "data:signals/", may = "keep", why = "finds signals; removes those of deleted runs" },
      { on = "data:robyn/", may = "keep", why = "fences attempts; removes deleted runs" },
      { on = "data:models/", may = "keep", why = "hears results that nobody was told of" },
      { on = "data:batches/", may = "keep", why = "goes on with batches" },
      { on = "jobs", may = "stop", why = "reads executions; cancels those that were given up" },
      { on = "steps", may = "look", why = "reads the execution of a silent step" },
      { on = "steps", may = "start", why = "starts a silent step again" },
      { on = "topic:*", may = "publish", why = "sends what was committed and never sent" },
    ]
    costs = [
      { on = "documents", may = "change", why = "keeps the cost of each day" },
      { on = "costs", may = "read", why = "reads the billing export" },
    ]
    bury = [
      { on = "documents", may = "change", why = "keeps what could not be delivered" },
    ]
    api = [
      { on = "documents", may = "change", why = "does what an operator asks" },
      { on = "uploads:", may = "keep", why = "signs uploads" },
      { on = "data:", may = "keep", why = "shows results; fences cancelled attempts" },
      { on = "topic:*", may = "publish", why = "announces what an operator did; replays dead letters" },
      { on = "jobs", may = "stop", why = "cancels runs" },
      { on = "logs", may = "read", why = "shows the last lines of a run that died" },
      { on = "secret:snowflake-key", may = "save", why = "saves, rotates and clears it, and never reads it" },
      { on = "secret:snowflake-key-passphrase", may = "save", why = "saves, rotates and clears it, and never reads it" },
      { on = "secret:snowflake-password", may = "save", why = "saves, rotates and clears it, and never reads it" },
      { on = "itself", may = "sign", why = "signs the addresses of uploads and downloads, without a key file" },
    ]
    page = [
      { on = "documents", may = "change", why = "does what an operator asks" },
      { on = "uploads:", may = "keep", why = "signs uploads" },
      { on = "data:", may = "keep", why = "shows results; fences cancelled attempts" },
      { on = "topic:*", may = "publish", why = "announces what an operator did; replays dead letters" },
      { on = "jobs", may = "stop", why = "cancels runs" },
      { on = "logs", may = "read", why = "shows the last lines of a run that died" },
      { on = "itself", may = "sign", why = "signs the addresses of uploads and downloads, without a key file" },
    ]
    native = [
      { on = "data:robyn/", may = "keep", why = "claims its attempt, reads its configuration, writes its result" },
      { on = "data:training-data/", may = "read", why = "reads its data" },
      { on = "data:signals/", may = "create", why = "says that it began and how it ended" },
    ]
    robyn = [
      { on = "data:robyn/", may = "keep", why = "claims its attempt, reads its configuration, writes its result" },
      { on = "data:training-data/", may = "read", why = "reads its data" },
      { on = "data:signals/", may = "create", why = "says that it began and how it ended" },
    ]
  }
}
