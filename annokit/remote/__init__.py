"""Getting frames onto the disk: transports, retries, the downloader and the SAVANT client.

From the network to the caller::

    transport    one exchange, Request -> Response: the seam for tests and other networks
    http cloud   the transports over requests, and over fsspec for s3:// and gs://
    fake         a scripted transport and a clock that never waits, for your own tests
    verdict      what each HTTP status means, as tables
    budget       attempts, back-off and Retry-After of one file
    hosts        what all workers share about one host
    wire         one exchange with the manners of a run: gates, verdicts, one way to stop
    signals      how a step tells the loop around it what to do next
    patience     the loop around the attempts
    receive      one body into one file, continued where it was cut
    folder       the target folder: temporary files, atomic names, disk errors
    manifest     what lies in the folder already
    naming       one name per file over all runs
    shelf        a finished file checked, named, put in place and noted
    job          what to download, and what became of it
    delivery     one file from request to its name on disk; memory: the same into memory
    download     the pool of workers over all files; progress: its bar
    credentials  a password that nothing shows; tokens: one bearer token for all threads
    savant       the client of the platform; frames: what the items of its datasets ask for
    asks         what items ask for by URL
    fetch        asks into jobs, and results into a dataset that knows its files
    outcome      that dataset and the report; sizes: what fetched sizes contradict
    standin      that platform on this machine, with planned faults
"""
