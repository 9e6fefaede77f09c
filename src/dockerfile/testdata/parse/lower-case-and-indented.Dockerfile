  from debian:12
	run a
   # indented comment
  Copy a b
