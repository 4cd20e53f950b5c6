"""The local stack: every server as a real process on this machine, no container.

`stack` says what runs and in which order, a file named for each server says how it is run, `processes` starts and
stops, `downloads` fetches and builds what Maven Central has.
"""
