module plumbline.dev/bench/wire

go 1.26.0
