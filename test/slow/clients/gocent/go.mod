module gocentcalls

go 1.23

require github.com/centrifugal/gocent/v3 v3.3.0
