// The usual recorder written in Go: a shared informer of client-go whose handler writes each version as a line of JSON.
// Ends after BENCH_EVENTS versions and tells its CPU time and peak memory on descriptor 3, as report-cpu.mjs does for Node.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"syscall"
	"time"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

type line struct {
	Type   string `json:"type"`
	At     int64  `json:"at"`
	Object any    `json:"object"`
}

func main() {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("BENCH_KUBECONFIG"))
	check(err)
	left, err := strconv.Atoi(os.Getenv("BENCH_EVENTS"))
	check(err)
	file, err := os.Create(os.Getenv("BENCH_FILE"))
	check(err)
	out := bufio.NewWriterSize(file, 1<<20)
	encoder := json.NewEncoder(out)

	done := make(chan struct{})
	write := func(kind string, object any) {
		check(encoder.Encode(line{kind, time.Now().UnixMilli(), object}))
		if left--; left == 0 {
			close(done)
		}
	}
	factory := informers.NewSharedInformerFactoryWithOptions(kubernetes.NewForConfigOrDie(config), 0, informers.WithNamespace("bench"))
	informer := factory.Core().V1().Pods().Informer()
	if os.Getenv("BENCH_KIND") == "events" {
		informer = factory.Core().V1().Events().Informer()
	}
	_, err = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { write("ADDED", object) },
		UpdateFunc: func(_, object any) { write("MODIFIED", object) },
	})
	check(err)
	factory.Start(make(chan struct{}))
	<-done
	check(out.Flush())
	report()
}

func report() {
	var used syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	cpu := time.Duration(used.Utime.Nano() + used.Stime.Nano())
	fmt.Fprintf(os.NewFile(3, "report"), `{"cpuMs":%f,"peakMb":%f}`, cpu.Seconds()*1000, float64(used.Maxrss)/1024)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
