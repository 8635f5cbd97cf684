"""Getting frames onto the disk: transports, retries, the downloader and the SAVANT client.

::

    transport   one exchange: Request -> Response; the seam for tests and other clients
    http        the transport over requests
    cloud       the transport for s3:// and gs:// over fsspec
    fake        a scripted transport and a clock that never waits, for your own tests
    verdict     what each HTTP status means, as tables
    budget      attempts, back-off and Retry-After of one file
    hosts       what all workers share about one host
    folder      the target folder: temporary files, atomic names, disk errors
    manifest    what lies in the folder already
    delivery    one file from request to its name on disk
    download    the pool of workers over all files
    standin     a SAVANT server on this machine, with faults
"""
